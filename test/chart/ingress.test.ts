import { expect, test } from '@jest/globals';
import { notes, render } from '../../scripts/helm.ts';
import { expectRefused } from '../support/extras.ts';

const TIMEOUT = 60_000;

test(
  'ingress.host: "a.example.com" is refused, by name',
  async () => expectRefused('ingress.host', 'a.example.com'),
  TIMEOUT,
);

test(
  'a wrong path of an ingress in a list is refused too',
  async () => {
    const values = { ingress: { hosts: [{ host: 'a', paths: ['/'] }] } };

    await expect(render({ values })).rejects.toThrow(/schema.*\bpaths\b/s);
  },
  TIMEOUT,
);

test(
  'NOTES.txt says at which hosts the service is',
  async () => {
    const paths = [{ path: '/', pathType: 'Prefix' }];
    const hosts = [
      { host: 'a.example', paths },
      { host: 'b.example', paths },
    ];
    const tls = [{ hosts: ['b.example'], secretName: 'b' }];

    expect(await notes({ values: { ingress: { enabled: true, hosts, tls } } })).toContain(
      'Reach it through the Ingress: http://a.example https://b.example\nTest it:',
    );
  },
  TIMEOUT,
);
