import type { Facts } from './facts.ts';
import type { Finding } from './result.ts';
import { backgroundOf, refusedSince } from './rules/background.ts';
import { EARLY, earlyOf } from './rules/early.ts';
import { FRONT } from './rules/front.ts';
import { LEAVING, OTHER } from './rules/leaving.ts';
import type { Lost, Rule } from './rules/rule.ts';
import { lostAwake, STARVED } from './rules/starved.ts';
import { EVENTS, STAYING } from './rules/staying.ts';
import { leastUsualMs } from './latency.ts';
import { isUnavoidable } from './unavoidable.ts';
import { warnings } from './warnings.ts';

/** In this order: the first rule that fits a lost request explains it. */
const FIRST = [...Object.values(EVENTS), EARLY];
const OTHERS = [STAYING, STARVED, FRONT, LEAVING].flatMap((rules) => Object.values(rules));

/** Why requests were lost, by cause, the costliest first; then what went wrong without losing any. */
export function diagnose(facts: Facts, lost: Lost[]): Finding[] {
  const groups = new Map<Rule, Lost[]>();
  const partial = {
    ...facts,
    early: earlyOf(facts, ({ loss }) => loss === undefined),
    awake: lostAwake(lost),
    refused: refusedSince(lost),
    usualMs: leastUsualMs(facts),
  };
  // What nobody has to leave for is known only when events have explained theirs.
  const rest = lost.filter((entry) => !FIRST.some(({ fits }) => fits(entry, partial)));
  const context = { ...partial, background: backgroundOf(rest, facts) };
  for (const entry of lost) {
    const rule = [...FIRST, ...OTHERS].find(({ fits }) => fits(entry, context)) ?? OTHER;
    const group = groups.get(rule) ?? [];
    groups.set(rule, group);
    group.push(entry);
  }
  const findings = [...groups].map(([{ explain }, entries]): Finding => {
    const unavoidable = entries.filter((entry) => isUnavoidable(entry, facts)).length;
    return {
      severity: 'loss',
      lost: entries.length,
      ...(unavoidable === 0 ? {} : { unavoidable }),
      ...explain(entries, context),
    };
  });
  return [...findings.sort((a, b) => b.lost - a.lost), ...warnings(facts, findings)];
}
