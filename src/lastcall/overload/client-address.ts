import type { IncomingMessage } from 'node:http';
import type { Config } from '../config/schema.ts';
import { expressApp } from '../http/express-app.ts';

/** Who asks, by `TRUST_PROXY`: the address that Express would say, whatever the application is. */
export function clientAddress(config: Pick<Config, 'trustProxy'>): (req: IncomingMessage) => string {
  const app = expressApp(config);
  return ({ headers, socket }) => clientOf(String(Reflect.get(app.request, 'ip', { app, headers, socket })));
}

/** Who has an address of IPv6 has 2^64 of them at least. */
function clientOf(address: string): string {
  if (!address.includes(':') || address.includes('.')) return address;
  const [head = [], tail = []] = address.split('::').map((part) => part.split(':'));
  const between = Array<string>(Math.max(0, 8 - head.length - tail.length)).fill('0');
  return [...head, ...between, ...tail].slice(0, 4).join(':');
}
