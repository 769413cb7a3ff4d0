import { count, duration, percent } from '../verdict/format.ts';
import type { Result, Settings } from '../verdict/result.ts';

/** The settings as a person reads them, in the order of the page. */
export function described(settings: Settings): [name: string, value: string][] {
  const { shares } = settings;
  return [
    ['replicas', count(settings.replicas)],
    ['rate', `${count(settings.rate)} requests/s`],
    ['keep-alive clients', count(settings.clients)],
    ['on new connections', percent(shares.fresh)],
    ['slow', `${percent(shares.slow)}, ${duration(settings.slowMs)} each`],
    ['POST', percent(shares.post)],
    ['client gives up after', duration(settings.timeoutMs)],
    ['HTTPS', settings.https ? 'yes' : 'no'],
    ['streams', count(settings.streams)],
    ['WebSockets', count(settings.webSockets)],
    ...(settings.front === undefined ? [] : [['in front', settings.front] as [string, string]]),
    ['endpoint lag', duration(settings.endpointLagMs)],
    ['jitter of the lag', percent(settings.jitter)],
    ['grace period', duration(settings.graceMs)],
    ['preStop', duration(settings.preStopMs)],
    ['stop signal', settings.stopSignal],
    ['surge, unavailable', `${settings.maxSurge}, ${settings.maxUnavailable}`],
    ...(settings.stallMs > 0 ? [['without CPU', duration(settings.stallMs)] as [string, string]] : []),
    ['seed', String(settings.seed)],
    ...Object.entries(settings.environment),
  ];
}

/** What tells two rehearsals apart, in a few words for each. */
export function titles(left: Result, right: Result): [string, string] {
  if (left.scenario.name !== right.scenario.name) return [left.scenario.name, right.scenario.name];
  if (left.program !== right.program) return [left.program, right.program];
  const [ours, theirs] = [described(left.settings), described(right.settings)].map((pairs) => new Map(pairs));
  const differing = [...new Set([...(ours?.keys() ?? []), ...(theirs?.keys() ?? [])])].filter(
    (name) => ours?.get(name) !== theirs?.get(name),
  );
  const name = (settings: Map<string, string> | undefined) =>
    differing
      .filter((setting) => settings?.has(setting))
      .slice(0, 3)
      .map((setting) => `${setting} ${settings?.get(setting)}`)
      .join(', ');
  return [name(ours) || 'defaults', name(theirs) || 'defaults'];
}
