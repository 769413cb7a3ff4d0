import { defaultResource, type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import type { Config } from '../config/schema.ts';
import type { Values } from './variables.ts';

/** What every span says of this process; `OTEL_RESOURCE_ATTRIBUTES` has the last word, but for the name. */
export function resourceOf(
  { serviceName, resourceAttributes = {} }: Values,
  { name, version, pod }: Config['service'],
): Resource {
  const said = serviceName === name ? {} : { 'service.name': serviceName };
  const own = { 'service.name': name, 'service.version': version, 'service.instance.id': pod };
  return defaultResource().merge(resourceFromAttributes({ ...own, ...resourceAttributes, ...said }));
}
