import type { Cause } from '../load/ledger.ts';
import { requestsOf } from '../subject/process-report.ts';
import { traitsOf } from '../subject/states.ts';
import { CAUSES, count, counted, sentence } from '../verdict/format.ts';
import type { Finding, Loss, ReplicaResult, Result } from '../verdict/result.ts';

/** The first line of everything: `41 of 12,431 requests lost`, or why that says nothing. */
export function headline({ verdict, why, requests }: Result): string {
  const lost = `${count(requests.lost)} of ${count(requests.sent)} requests lost`;
  return verdict === 'inconclusive' ? `Inconclusive (${lost}): ${why}` : lost;
}

/** How a verdict looks. */
export const MARKS: Record<Result['verdict'], { glyph: string; tone: 'good' | 'bad' | 'unsure' }> = {
  'nothing-lost': { glyph: '✓', tone: 'good' },
  lost: { glyph: '✗', tone: 'bad' },
  inconclusive: { glyph: '?', tone: 'unsure' },
};

/** What was to be expected, if something was lost and a loss could not be avoided. */
export function expectedInWords({ expected, requests, unexpected }: Result): string | undefined {
  if (expected === undefined || requests.lost === 0) return undefined;
  const others = unexpected === 0 ? '' : ` ${count(unexpected)} were lost for another reason.`;
  return `About ${count(expected.lost)} were to be expected: ${sentence(expected.why)}${others}`;
}

/** `41 requests lost`, unless the finding begins with its number, or cost nothing. */
export function cost({ lost, text }: Finding): string | undefined {
  return lost === 0 || text.startsWith(count(lost)) ? undefined : `${counted(lost, 'request')} lost`;
}

/** Whether the processes count as the clients do, in a word and in a sentence. */
export function agreementInWords({ agreement: found, replicas }: Result): { word: string; sentence: string } {
  if (replicas.every(({ report }) => report === undefined)) {
    return { word: 'none', sentence: 'The processes left no reports: the clients’ count stands alone.' };
  }
  const said: Record<Result['agreement'], { word: string; sentence: string }> = {
    agree: { word: 'agree', sentence: 'The processes’ own reports agree with what the clients counted.' },
    differ: { word: 'differ', sentence: 'The processes’ own reports differ from what the clients counted.' },
    unknown: {
      word: 'incomplete',
      sentence: 'Not every process left a report: for those that did not, the clients’ count stands alone.',
    },
  };
  return said[found];
}

/** The causes that occur, in the order in which they are shown everywhere. */
export function causesOf(losses: Loss[]): Cause[] {
  const found = new Set(losses.map(({ cause }) => cause));
  return (Object.keys(CAUSES) as Cause[]).filter((cause) => found.has(cause));
}

/** From the start of the process until it was ready. */
export function readyAfter({ states }: ReplicaResult): number | undefined {
  const first = states.find(({ state }) => state !== 'pending');
  const ready = states.find(({ state }) => traitsOf(state).up === true);
  return first && ready && ready.fromMs - first.fromMs;
}

/** From SIGTERM until the last balancer had forgotten it; negative if that was before. */
export function forgottenAfter({ inRotation, sigtermAtMs }: ReplicaResult): number | undefined {
  const last = inRotation.at(-1);
  return last && sigtermAtMs !== undefined ? last.toMs - sigtermAtMs : undefined;
}

/** From SIGTERM to the end of the process. */
export function goneAfter({ exit, sigtermAtMs }: ReplicaResult): number | undefined {
  return exit && sigtermAtMs !== undefined ? exit.atMs - sigtermAtMs : undefined;
}

/** The longest time from SIGTERM to the end of a process. */
export function slowestToGo({ replicas }: Result): number | undefined {
  const times = replicas.map(goneAfter).filter((time) => time !== undefined);
  return times.length === 0 ? undefined : Math.max(...times);
}

/** `0 clean`, `SIGKILL (grace)`, `1`; undefined while it lives. */
export function endOf({ exit, killed, report }: ReplicaResult): string | undefined {
  if (exit === undefined) return undefined;
  const how = exit.signal ?? String(exit.code);
  if (killed !== undefined) return `${how} (${killed})`;
  return report === undefined ? how : `${how} ${report.outcome}`;
}

/** Those that have the same replica, cause, kind, state and detail, as one. */
export interface LossGroup {
  /** The first of them. */
  like: Loss;
  count: number;
  firstMs: number;
  lastMs: number;
  /** Since the SIGTERM of the replica, first and last. */
  afterSigterm?: [number, number];
}

/** All losses, grouped, in the order of the first of each group. */
export function lossGroups(losses: Loss[]): LossGroup[] {
  const groups = new Map<string, LossGroup>();
  for (const loss of losses) {
    const { failedAtMs, afterSigtermMs: after } = loss;
    const key = JSON.stringify([loss.replica, loss.cause, loss.kind, loss.state, loss.detail]);
    const group = groups.get(key) ?? { like: loss, count: 0, firstMs: failedAtMs, lastMs: failedAtMs };
    groups.set(key, group);
    group.count++;
    group.firstMs = Math.min(group.firstMs, failedAtMs);
    group.lastMs = Math.max(group.lastMs, failedAtMs);
    if (after === undefined) continue;
    const [from, to] = group.afterSigterm ?? [after, after];
    group.afterSigterm = [Math.min(from, after), Math.max(to, after)];
  }
  return [...groups.values()].sort((a, b) => a.firstMs - b.firstMs);
}

/** Requests that the processes say they cut, by method and route, most first. */
export interface CutRoute {
  method: string;
  route: string;
  count: number;
  replicas: string[];
  oldestMs: number;
}

/** From the reports, which list the first ten of each process: `unlisted` are the others. */
export function cutRoutes(replicas: ReplicaResult[]): { routes: CutRoute[]; unlisted: number } {
  const routes = new Map<string, CutRoute>();
  let unlisted = 0;
  for (const { name, report } of replicas) {
    if (report === undefined) continue;
    const all = requestsOf(report, 'cut');
    unlisted += Math.max(0, all - report.cutRequests.length);
    for (const { method, route, ageMs } of report.cutRequests) {
      const key = `${method} ${route}`;
      const entry = routes.get(key) ?? { method, route, count: 0, replicas: [], oldestMs: 0 };
      routes.set(key, entry);
      entry.count++;
      entry.oldestMs = Math.max(entry.oldestMs, ageMs);
      if (!entry.replicas.includes(name)) entry.replicas.push(name);
    }
  }
  return { routes: [...routes.values()].sort((a, b) => b.count - a.count), unlisted };
}
