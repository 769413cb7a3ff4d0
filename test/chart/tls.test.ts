import { expect, test } from '@jest/globals';
import { render } from '../../scripts/helm.ts';

const TIMEOUT = 60_000;

test(
  'TLS without a Secret does not render, and helm says why',
  async () => {
    await expect(render({ values: { tls: { enabled: true } } })).rejects.toThrow(/tls\.secretName/);
  },
  TIMEOUT,
);

test(
  'HTTPS on a port that is taken does not render, and helm says why',
  async () => {
    const values = {
      tls: { enabled: true, secretName: 'x', port: 8081 },
      ports: { http: 8080, management: 8081 },
    };

    await expect(render({ values })).rejects.toThrow(
      /ports\.http, ports\.management and tls\.port must differ: 8080, 8081, 8081/,
    );
  },
  TIMEOUT,
);

test(
  'tls.secret: "x" is refused, by name',
  async () => {
    await expect(render({ values: { tls: { secret: 'x' } } })).rejects.toThrow(
      /values don't meet the specifications of the schema.*\bsecret\b/s,
    );
  },
  TIMEOUT,
);
