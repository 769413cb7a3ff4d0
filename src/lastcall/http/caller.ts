import type { IncomingMessage } from 'node:http';
import type { Config } from '../config/schema.ts';
import { expressApp } from './express-app.ts';

/** Who asks, and what for, by `TRUST_PROXY`: as Express would say, whatever the application is. */
export interface Caller {
  /** An IP address; empty where its connection has gone. */
  address: (req: IncomingMessage) => string;
  /** `http` or `https`. */
  scheme: (req: IncomingMessage) => string;
  /** As it was asked for, with its port if that was said. */
  host: (req: IncomingMessage) => string | undefined;
}

/** An address of IPv4 where one socket takes both is written as one of IPv6. */
export function withoutPrefix(address: string): string {
  return address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address;
}

export function callerBy(config: Pick<Config, 'trustProxy'>): Caller {
  const app = expressApp(config);
  const ask = (property: string, { headers, socket }: IncomingMessage): unknown => {
    const get = (name: string) => headers[name.toLowerCase()];
    return Reflect.get(app.request, property, { app, headers, socket, connection: socket, get });
  };
  return {
    address: (req) => withoutPrefix(String(ask('ip', req) ?? '')),
    scheme: (req) => String(ask('protocol', req)),
    host: (req) => ask('host', req) as string | undefined,
  };
}
