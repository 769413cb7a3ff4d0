// Plays conversations with a service for a while, and looks whether each was answered as HTTP says.
import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { METHODS } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import * as fc from 'fast-check';
import { FIXTURE } from '../fixture/sources.ts';
import { RawClient } from '../harness/raw-client.ts';
import { make, mount, tlsVariables } from '../support/certificates.ts';
import { readRequest, type StrictRequest } from '../support/strict-http.ts';
import { strictTarget, type StrictTarget } from '../support/strict-target.ts';
import { answersIn } from './answers.ts';
import { startFuzzed } from './fuzzed.ts';
import { type Conversation, conversationWith } from './grammar.ts';

export interface CampaignOptions {
  seconds: number;
  /** Those of a campaign that has failed, to see it again. */
  seed?: number | undefined;
  path?: string | undefined;
  /** A module that is loaded before the service. */
  preloads?: string[];
}

export interface Campaign {
  seed: number;
  conversations: number;
  /** What was found wrong; empty: nothing. */
  findings: string[];
}

const EXPECTS = /^expect:/im;
const TABBED = /^connection:[^\n]*\t/im;
const LONG_LINE = /[^\n]{16000}/;
/** Most that are pipelined in a conversation. */
const REQUESTS_AT_ONCE = 4;
/** For a connection whose client has said all to end. */
const ENDING_MS = 20_000;

export async function fuzz({
  seconds,
  seed = randomInt(2 ** 31),
  path,
  preloads = [],
}: CampaignOptions): Promise<Campaign> {
  const has = (room: string) => FIXTURE.rooms.some(({ name }) => name === room);
  const folder = mkdtempSync(join(tmpdir(), 'fuzz-'));
  const secret = mount(join(folder, 'tls'), await make());
  const target = await strictTarget();
  const service = startFuzzed(
    {
      ...(has('tls') && tlsVariables(secret)),
      ...(has('gateway') && { GATEWAY_TARGETS: `/up=${target.url}` }),
    },
    preloads,
  );
  try {
    const listeners = ['http', ...(has('tls') ? ['https'] : []), 'management'];
    const urls = new Map<string, string>();
    for (const listener of listeners) urls.set(listener, await service.url(listener));
    let nth = 0;
    let lost = 0;
    const property = fc.asyncProperty(conversationWith(listeners), async (conversation) => {
      // Where no 100 was said, the connection ends behind the answer, and with it what was pipelined and begun by then.
      if (EXPECTS.test(conversation.bytes)) lost += REQUESTS_AT_ONCE;
      await play(conversation, { url: urls.get(conversation.listener) ?? '', nth: ++nth, target });
    });
    const details = await fc.check(property, {
      seed,
      ...(path !== undefined && { path }),
      numRuns: Number.MAX_SAFE_INTEGER,
      interruptAfterTimeLimit: seconds * 1000,
    });
    const { code, report } = await service.terminate();
    const books = report?.listeners.filter(
      ({ conserved, requests: { lifetime } }) => !conserved || lifetime.broken > lost || lifetime.cut > 0,
    );
    return {
      seed,
      conversations: nth,
      findings: [
        ...(details.failed ? [`${String(details.errorInstance)}\n${fc.defaultReportMessage(details)}`] : []),
        ...target.errors.map((error) => `the target could not read ${error}`),
        ...service.complaints.map((line) => `the service said ${JSON.stringify(line)}`),
        ...(books ?? []).map((listener) => `the books do not balance: ${JSON.stringify(listener)}`),
        ...(code === 0 ? [] : [`the service ended with ${code}`]),
      ],
    };
  } finally {
    service.kill();
    target.close();
    rmSync(folder, { recursive: true });
  }
}

/** @throws Error that says what was wrong with the answers to this conversation */
async function play(
  { listener, bytes: written, cuts }: Conversation,
  { url, nth, target }: { url: string; nth: number; target: StrictTarget },
): Promise<void> {
  const own = `/up/${nth}/`;
  const bytes = written.replaceAll('@', own);
  const client = new RawClient(url, { tls: listener === 'https', allowHalfOpen: true });
  let at = 0;
  for (const cut of [...cuts, 1000]) {
    const to = Math.floor((bytes.length * cut) / 1000);
    if (client.socket.destroyed) break;
    client.socket.write(bytes.slice(at, to), 'latin1');
    at = to;
    await turn();
  }
  client.socket.end();
  const how = await Promise.race([client.ended, sleep(ENDING_MS, 'no end', { ref: false })]);
  client.socket.destroy();
  if (how === 'no end')
    throw new Error(`the connection does not end; received ${JSON.stringify(client.received)}`);

  const { requests, readable } = readAll(bytes);
  const answers = answersIn(
    client.received,
    requests.map(({ method }) => method),
  );
  // The management port does not linger: who goes on to send may be met by a reset in the middle of what it was sent.
  if (answers === 'half an answer' && listener === 'management' && how !== 'end' && cuts.length > 0) return;
  if (typeof answers === 'string') throw new Error(`${answers} in ${JSON.stringify(client.received)}`);
  const wrong = answers.find((status) => status >= 500);
  if (wrong !== undefined) throw new Error(`${wrong}: ${client.received}`);
  // Node takes a tab for a part of the option, where RFC 9110, 5.6.3 has white space, and goes on.
  const isTabbed = TABBED.test(bytes);
  const served = isTabbed ? requests : requests.slice(0, requests.findIndex(isLast) + 1 || requests.length);
  // Node says 400 on the management port even to a request that was answered before its body could not be read.
  const refusals = listener === 'management' ? 2 : 1;
  // For us, and not for RFC 9112; on the management port, Node says so behind an answer, too.
  const isTooLarge = [413, 431].includes(answers.at(-1) ?? 0) || LONG_LINE.test(bytes);
  const isRefused = readable !== 'whole' || (isTooLarge && listener === 'management');
  const refused = served.length === requests.length && isRefused ? refusals : 0;
  // Who goes on to send when all has been said may be met by a reset.
  const isLate = cuts.length > 0 || listener === 'management';
  if (how !== 'end' && !isLate) throw new Error(`${how} behind ${JSON.stringify(client.received)}`);
  // Where no 100 was said, the connection ends.
  const asked = EXPECTS.test(bytes);
  // Node says close to HTTP/1.0 where the answer has no length: behind a 204.
  const isOld = served.some(({ version }) => version === 'HTTP/1.0');
  // The management port takes the end of its client's side for the end of its interest.
  const mayBeFewer = isTabbed || how !== 'end' || isTooLarge || asked || isOld || listener === 'management';
  // Nor does it end a connection whose client expects what it does not know.
  const mayBeMore = asked && listener === 'management';
  if (
    (answers.length > served.length + refused && !mayBeMore) ||
    (answers.length < served.length && !mayBeFewer)
  ) {
    throw new Error(`${answers.join()} for ${served.length} requests, then ${readable}`);
  }
  const seen = target.requests.filter((request) => request.target.startsWith(own));
  target.requests.length = 0;
  const excess = seen.filter((request) => !served.some((one) => isSame(one, request)));
  if (excess.length > 0) throw new Error(`the target has seen ${JSON.stringify(excess)}`);
}

/** The requests that anybody has to read in these bytes, and what is behind them. */
function readAll(bytes: string): { requests: StrictRequest[]; readable: string } {
  const requests: StrictRequest[] = [];
  for (let rest = bytes; ;) {
    if (rest === '') return { requests, readable: 'whole' };
    const reading = readRequest(rest, { patient: true });
    if (reading === 'incomplete') return { requests, readable: 'incomplete' };
    if ('error' in reading) return { requests, readable: reading.error };
    if (!METHODS.includes(reading.request.method)) return { requests, readable: 'an unknown method' };
    requests.push(reading.request);
    rest = reading.rest;
  }
}

/** Whether nothing behind it may be served. */
function isLast({ method, version, headers }: StrictRequest): boolean {
  const values = (wanted: string) =>
    headers.filter(([name]) => name === wanted).flatMap(([, value]) => value.toLowerCase().split(/\s*,\s*/));
  const connection = values('connection');
  // An upgrade takes both headers (RFC 9110, 7.8).
  const isOffer = connection.includes('upgrade') && values('upgrade').some((protocol) => protocol !== '');
  // Of two options that contradict each other in HTTP/1.0, Node takes the other one.
  const isClose =
    connection.includes('close') && (version !== 'HTTP/1.0' || !connection.includes('keep-alive'));
  if (method === 'CONNECT' || isClose || isOffer) return true;
  const expected = version === 'HTTP/1.0' ? [] : values('expect'); // RFC 9110, 10.1.1
  if (expected.length > 0 && !expected.includes('100-continue')) return true;
  return version === 'HTTP/1.0' && !connection.includes('keep-alive');
}

function isSame(sent: StrictRequest, seen: StrictRequest): boolean {
  const path = sent.target.replace(/^https?:\/\/[^/?]*/i, '');
  return sent.method === seen.method && path === seen.target && sent.body === seen.body;
}
