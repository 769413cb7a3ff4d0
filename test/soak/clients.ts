// The clients of a soak: each kind does one thing again and again, and counts how it ended.
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import type { ServicePaths } from '../../scripts/paths.ts';
import { ask, type Asked, PROXIED, type Surroundings } from './ask.ts';

export interface Kind {
  name: string;
  /** How many of them there are. */
  clients: number;
  /** Makes one of them: what it does is repeated until the soak ends, and takes a few seconds at most. */
  client: (surroundings: Surroundings) => () => Promise<unknown>;
}

const LONG_MS = 3000;
const PIECES = 10;

/** Where the service has nothing of the kind. */
const idle = async () => sleep(LONG_MS);
const upTo = (most: number) => Math.round(Math.random() * most);

function oneOf<T>(choices: T[]): T {
  const chosen = choices[Math.floor(Math.random() * choices.length)];
  if (chosen === undefined) throw new Error('nothing to choose from');
  return chosen;
}

/** A body, of any length where the service lets us choose. */
function posted({ post }: ServicePaths) {
  if (post === undefined) return [];
  const body = JSON.stringify(post.body ?? { text: 'x'.repeat(upTo(20_000)) });
  const headers = { 'Content-Type': 'application/json' };
  const request = { method: 'POST', path: post.path, headers, body };
  return [{ ...request, status: post.status, ...(post.answer === '%body' && { text: body }) }];
}

/** What services are asked, by clients that know them and by those that don't. */
function everyRequest(paths: ServicePaths): Asked[] {
  const { path, status } = paths.get;
  return [
    { path, status },
    { method: 'HEAD', path, status },
    { path: `${path}?q=${'y'.repeat(2000)}`, status },
    { path: '/of/nobody', status: 404 },
    ...posted(paths),
    ...posted(paths).map(({ method, path: to, headers }) => ({
      method,
      path: to,
      headers,
      body: '{',
      status: 400,
    })),
  ];
}

/** Asks for anything, with a moment in between. */
function asking(name: string, clients: number, agent: () => http.Agent, requests = everyRequest): Kind {
  const client = (surroundings: Surroundings) => {
    const connections = agent();
    return async () => {
      await ask(surroundings, name, connections, oneOf(requests(surroundings.paths)));
      await sleep(upTo(500));
    };
  };
  return { name, clients, client };
}

/** What a target is asked that sends back what it gets. */
function everyProxied(): Asked[] {
  const body = 'y'.repeat(upTo(100_000));
  const path = `${PROXIED}/${upTo(1000)}`;
  return [
    { path, status: 200, text: '' },
    { method: 'POST', path, body, status: 200, text: body },
  ];
}

const keptAlive = () => new http.Agent({ keepAlive: true, maxSockets: 1 });
const keptAliveTls = () => new https.Agent({ keepAlive: true, maxSockets: 1 });

/** Sends its body piece by piece. */
const slowWriter: Kind = {
  name: 'slow body',
  clients: 3,
  client:
    ({ urls, paths, ledger }) =>
    async () => {
      const [post] = posted(paths);
      if (post?.body === undefined) return idle();
      const req = http.request(`${urls.http}${post.path}`, {
        method: 'POST',
        headers: post.headers,
        agent: false,
      });
      const answered = once(req, 'response') as Promise<[http.IncomingMessage]>;
      answered.catch(() => undefined); // told below
      try {
        const length = Math.ceil(post.body.length / PIECES);
        for (let at = 0; at < post.body.length; at += length) {
          req.write(post.body.slice(at, at + length));
          await sleep(upTo((2 * LONG_MS) / PIECES));
        }
        req.end();
        const [res] = await answered;
        await once(res.resume(), 'end');
        ledger.count('http', 'slow body', 'answered');
        if (res.statusCode !== post.status) ledger.wrong('slow body', `answered ${res.statusCode}`);
      } catch (error) {
        ledger.wrong('slow body', String(error));
      }
    },
};

/** Waits for an answer that takes its time. */
const patient: Kind = {
  name: 'slow answer',
  clients: 6,
  client: (surroundings) => {
    const agent = keptAlive();
    const { slow } = surroundings.paths;
    return async () => {
      if (slow === undefined) return idle();
      const path = slow.path.replace('%ms', String(upTo(LONG_MS)));
      await ask(surroundings, 'slow answer', agent, { path, status: slow.status });
    };
  },
};

/** Leaves an event stream in the middle, after not having read it for a while. */
const listener: Kind = {
  name: 'stream',
  clients: 6,
  client:
    ({ urls, paths: { stream }, ledger, leaving }) =>
    async () => {
      if (stream === undefined) return idle();
      const req = http.get(`${urls.http}${stream.path}`, { agent: false });
      try {
        const [res] = (await once(req, 'response')) as [http.IncomingMessage];
        if (res.statusCode !== stream.status) ledger.wrong('stream', `answered ${res.statusCode}`);
        await once(res, 'data');
        res.pause();
        const ended = once(res.resume(), 'end').then(() => true);
        let isOver = await Promise.race([ended, sleep(upTo(LONG_MS), false)]);
        if (leaving.aborted) isOver = await ended; // the service says goodbye
        ledger.count('http', 'stream', isOver ? 'answered' : 'aborted');
      } catch (error) {
        ledger.wrong('stream', String(error));
      }
      req.destroy();
    },
};

/** Says something on a WebSocket, hears it, and leaves, with and without a goodbye. */
const talker: Kind = {
  name: 'WebSocket',
  clients: 4,
  client:
    ({ urls, paths: { webSocket }, ledger, leaving }) =>
    async () => {
      if (webSocket === undefined) return idle();
      const client = new WebSocket(`${urls.http.replace('http', 'ws')}${webSocket.path}`);
      client.on('error', (error) => ledger.wrong('WebSocket', String(error)));
      const closed = once(client, 'close');
      await Promise.race([once(client, 'open'), closed]);
      if (client.readyState === WebSocket.OPEN) {
        ledger.count('http', 'WebSocket', 'upgraded');
        client.send(`hello ${upTo(1e9)}`);
        await Promise.race([once(client, 'message'), closed]);
        await Promise.race([sleep(upTo(LONG_MS)), closed]);
        if (upTo(1) === 1 || leaving.aborted) client.close();
        else client.terminate();
      }
      await closed;
    },
};

/** Bytes that are no request, and a connection that says nothing. */
const noise: Kind = {
  name: 'noise',
  clients: 2,
  client:
    ({ urls, ledger }) =>
    async () => {
      const socket = connect({ port: Number(new URL(urls.http).port), host: '127.0.0.1' });
      let heard = '';
      socket.on('data', (chunk) => (heard += chunk.toString('latin1'))).on('error', () => undefined);
      const closed = once(socket, 'close').catch(() => undefined);
      const isSilent = upTo(1) === 1;
      if (isSilent) setTimeout(() => socket.destroy(), upTo(LONG_MS));
      else socket.write('\u0016\u0003\u0001 GET / HTTP/1.1\r\n\r\n', 'latin1');
      await closed;
      if (!isSilent && !heard.startsWith('HTTP/1.1 400 '))
        ledger.wrong('noise', `heard ${heard.slice(0, 100)}`);
      await sleep(upTo(500));
    },
};

/** What operates the service: the kubelet, which makes a connection for each probe, and a scraper. */
const operator: Kind = {
  name: 'probes and scrapes',
  clients: 1,
  client:
    ({ urls, ledger, leaving }) =>
    async () => {
      for (const path of ['/livez', '/readyz', '/startupz', '/metrics', '/lifecycle']) {
        try {
          const req = http.get(`${urls.management}${path}`, { agent: false });
          const [res] = (await once(req, 'response')) as [http.IncomingMessage];
          await once(res.resume(), 'end');
          if (res.statusCode !== 200) throw new Error(`answered ${res.statusCode}`);
        } catch (error) {
          if (!leaving.aborted) ledger.wrong('probes and scrapes', `${path}: ${String(error)}`);
        }
      }
      await sleep(1000);
    },
};

/** @param has the rooms of the service */
export function everyKind(has: { tls: boolean; gateway: boolean }): Kind[] {
  return [
    asking('kept alive', 10, keptAlive),
    asking('new connections', 4, () => new http.Agent()),
    slowWriter,
    patient,
    listener,
    talker,
    noise,
    operator,
    ...(has.tls
      ? [asking('HTTPS', 4, keptAliveTls), asking('new TLS connections', 2, () => new https.Agent())]
      : []),
    ...(has.gateway ? [asking('through the gateway', 6, keptAlive, everyProxied)] : []),
  ];
}
