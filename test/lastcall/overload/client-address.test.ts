import type { IncomingMessage } from 'node:http';
import { expect, test } from '@jest/globals';
import { clientAddress } from '../../../src/lastcall/overload/client-address.ts';

function asked(remoteAddress: string, forwarded?: string): IncomingMessage {
  return {
    headers: { 'x-forwarded-for': forwarded },
    socket: { remoteAddress },
  } as unknown as IncomingMessage;
}

test('it is the address of the connection, unless a proxy is trusted', () => {
  expect(clientAddress({ trustProxy: false })(asked('10.0.0.1', '10.9.9.9'))).toBe('10.0.0.1');
  expect(clientAddress({ trustProxy: 1 })(asked('10.0.0.1', '10.8.8.8, 10.9.9.9'))).toBe('10.9.9.9');
  expect(clientAddress({ trustProxy: ['loopback'] })(asked('127.0.0.1', '10.9.9.9'))).toBe('10.9.9.9');
  expect(clientAddress({ trustProxy: ['loopback'] })(asked('10.0.0.1', '10.9.9.9'))).toBe('10.0.0.1');
});

test('all addresses of a network of IPv6 are one client', () => {
  const clientOf = clientAddress({ trustProxy: false });
  const clients = ['2001:db8::1', '2001:db8::2:3:4:5', '2001:db8:0:0:9:8:7:6'].map((ip) =>
    clientOf(asked(ip)),
  );
  expect(new Set(clients).size).toBe(1);
  expect(clientOf(asked('2001:db8:0:1::1'))).not.toBe(clients[0]);
  expect(clientOf(asked('2001:db8:0:1:2:3:4:5'))).toBe('2001:db8:0:1');
});

test('an IPv4 address that was written as IPv6 is one of IPv4', () => {
  const clientOf = clientAddress({ trustProxy: false });
  expect(clientOf(asked('::ffff:10.0.0.1'))).not.toBe(clientOf(asked('::ffff:10.0.0.2')));
});
