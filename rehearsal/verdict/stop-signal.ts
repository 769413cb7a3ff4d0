import { USUAL_SIGNAL } from '../subject/signals.ts';
import type { Finding } from './result.ts';

/** The same about a pod that gets another signal: the rules speak of the one that almost all get. */
export function withSignal(finding: Finding, stopSignal: string): Finding {
  const named = (text: string) => text.replaceAll(USUAL_SIGNAL, stopSignal);
  const { text, advice, setting } = finding;
  return {
    ...finding,
    text: named(text),
    ...(advice === undefined ? {} : { advice: named(advice) }),
    ...(setting === undefined ? {} : { setting: named(setting) }),
  };
}
