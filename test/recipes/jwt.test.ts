import { createHmac } from 'node:crypto';
import { beforeAll, expect } from '@jest/globals';
import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair, SignJWT } from 'jose';
import { group as describe, overlapping as test } from '../harness/overlapping.ts';
import { startRecipe } from './recipe.ts';
import { startUpstream } from './servers/upstream.ts';

const ISSUER = 'https://issuer.example';
const AUDIENCE = 'shop';

interface Keys {
  privateKey: CryptoKey;
  publicKey: CryptoKey;
}
let ours: Keys;
let theirs: Keys;

beforeAll(async () => {
  [ours, theirs] = await Promise.all([generateKeyPair('ES256'), generateKeyPair('ES256')]);
});

/** An issuer with our public key, or without any. */
async function issuer(broken: () => boolean = () => false): Promise<string> {
  const key = { ...(await exportJWK(ours.publicKey)), kid: 'k1', alg: 'ES256', use: 'sig' };
  return startUpstream((_req, res) => {
    if (broken()) res.writeHead(500).end();
    else res.end(JSON.stringify({ keys: [key] }));
  });
}

interface Wanted {
  iss?: string;
  aud?: string;
  exp?: string;
  key?: CryptoKey;
  claims?: object;
}

async function token({
  iss = ISSUER,
  aud = AUDIENCE,
  exp = '1m',
  key = ours.privateKey,
  claims = {},
}: Wanted = {}) {
  return new SignJWT({ ...claims })
    .setProtectedHeader({ alg: 'ES256', kid: 'k1' })
    .setIssuer(iss)
    .setAudience(aud)
    .setSubject('ann')
    .setExpirationTime(exp)
    .sign(key);
}

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const CLAIMS = { iss: ISSUER, aud: AUDIENCE, sub: 'ann', exp: 4_102_444_800 };

/** With the public key, which everybody has, for a shared secret. */
async function confused(): Promise<string> {
  const signed = `${part({ alg: 'HS256', kid: 'k1' })}.${part(CLAIMS)}`;
  const mac = createHmac('sha256', await exportSPKI(ours.publicKey))
    .update(signed)
    .digest('base64url');
  return `${signed}.${mac}`;
}

const start = (url: string) =>
  startRecipe('jwt', { JWT_JWKS_URL: `${url}/jwks`, JWT_ISSUER: ISSUER, JWT_AUDIENCE: AUDIENCE });

async function ask(url: string, authorization?: string) {
  const answer = await fetch(url, { headers: authorization === undefined ? {} : { authorization } });
  return {
    status: answer.status,
    challenge: answer.headers.get('www-authenticate'),
    body: await answer.text(),
  };
}

describe('the recipe of tokens', () => {
  test('a good token says who asks', async () => {
    const service = start(await issuer());

    const { status, body } = await ask(`${await service.url}/me`, `Bearer ${await token()}`);

    expect({ status, body }).toEqual({ status: 200, body: '{"sub":"ann"}' });
  });

  test('no token and another scheme are told what is expected', async () => {
    const service = start(await issuer());

    for (const header of [undefined, 'Basic YTpi', 'Bearer', 'Bearer a b']) {
      expect(await ask(`${await service.url}/me`, header)).toMatchObject({
        status: 401,
        challenge: 'Bearer',
      });
    }
  });

  test('a token that is not good is refused, and the answer does not say why', async () => {
    const service = start(await issuer());
    const bad = {
      expired: await token({ exp: '-1m' }),
      'of another issuer': await token({ iss: 'https://other.example' }),
      'for somebody else': await token({ aud: 'bank' }),
      'signed by somebody else': await token({ key: theirs.privateKey }),
      'not signed': `${part({ alg: 'none' })}.${part(CLAIMS)}.`,
      'signed with the public key': await confused(),
      'no token': 'nonsense',
    };

    for (const [what, text] of Object.entries(bad)) {
      const { status, challenge, body } = await ask(`${await service.url}/me`, `Bearer ${text}`);
      expect({ what, status, challenge }).toEqual({
        what,
        status: 401,
        challenge: 'Bearer error="invalid_token"',
      });
      expect(body).toContain('the token is not good, or not any more');
    }
  });

  test('a scope that a token does not have is a 403 that names it', async () => {
    const service = start(await issuer());
    const admin = `${await service.url}/admin`;

    const refused = await ask(admin, `Bearer ${await token({ claims: { scope: 'read administer' } })}`);
    expect(refused).toMatchObject({
      status: 403,
      challenge: 'Bearer error="insufficient_scope", scope="admin"',
    });
    expect((await ask(admin, `Bearer ${await token({ claims: { scope: 'read admin' } })}`)).status).toBe(200);
  });

  test('an issuer that is away is a 503, and the tokens are good again when it is back', async () => {
    let broken = true;
    const service = start(await issuer(() => broken));
    const me = `${await service.url}/me`;
    const header = `Bearer ${await token()}`;

    expect(await ask(me, header)).toMatchObject({ status: 503, challenge: null });
    broken = false;

    expect((await ask(me, header)).status).toBe(200);
  });

  test('no token gets into the log', async () => {
    const service = start(await issuer());
    const good = await token();
    const bad = await token({ exp: '-1m' });
    await ask(`${await service.url}/me`, `Bearer ${good}`);
    await ask(`${await service.url}/me`, `Bearer ${bad}`);

    service.kill('SIGTERM');

    const { stdout } = await service.ended;
    expect(stdout).toContain('a token was refused');
    for (const text of [good, bad]) expect(stdout).not.toContain(text.slice(-20));
  });
});
