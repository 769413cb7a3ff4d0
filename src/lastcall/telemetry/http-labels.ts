/** The methods that OpenTelemetry knows; all others are one. */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'CONNECT', 'TRACE']);
/** Far more than a service has routes; each is 17 series of the histogram. */
const MOST_SETS = 2000;
const OTHER = '_OTHER';

/** The method of a request, one of few. */
export function knownMethod(given: string): string {
  return METHODS.has(given) ? given : OTHER;
}

export interface HttpLabels {
  http_request_method: string;
  http_route: string;
  http_response_status_code: string;
}

/**
 * Gives each combination of method, route and status one object, made once. Methods and routes are few by
 * themselves; a handler that takes its status from the client is not. What comes after the limit is counted by the
 * class of its status (`5xx` is still what `5..` matches), so that the sums stay right.
 */
export function httpLabels(most = MOST_SETS): (method: string, route: string, status: string) => HttpLabels {
  const known = new Map<string, HttpLabels>();
  const add = (key: string, labels: HttpLabels) => {
    known.set(key, labels);
    return labels;
  };
  return (given, route, status) => {
    const method = knownMethod(given);
    const key = `${method} ${status} ${route}`;
    const labels = known.get(key);
    if (labels !== undefined) return labels;
    if (known.size < most) {
      return add(key, {
        http_request_method: method,
        http_route: route,
        http_response_status_code: status,
      });
    }
    const statuses = status === '' ? '' : `${status.charAt(0)}xx`;
    return (
      known.get(statuses) ??
      add(statuses, { http_request_method: OTHER, http_route: OTHER, http_response_status_code: statuses })
    );
  };
}
