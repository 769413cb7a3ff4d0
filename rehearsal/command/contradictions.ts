import { RehearsalError } from '../errors.ts';
import type { ScenarioName } from '../plan.ts';
import { SCENARIOS } from '../scenarios.ts';
import type { Flags } from './flags.ts';

/** Each is kept until the verdict, in some 200 bytes. */
const MOST_REQUESTS = 5_000_000;

/**
 * Flags that are fine by themselves and make no sense together.
 *
 * @throws RehearsalError `REHEARSAL_USAGE`, with what was expected
 */
export function checkTogether(flags: Flags): void {
  const { command, values, set = [], compare, scenario, html, svg, findWindow, slow, post } = flags;
  const fail = (message: string) => {
    throw new RehearsalError('REHEARSAL_USAGE', message);
  };
  const draws = html !== undefined || svg !== undefined;
  if (command !== undefined && (values !== undefined || set.length > 0 || flags.chart !== undefined)) {
    fail(
      '--command rehearses another program, --chart, --set and --values the chart of this one: expected one of them',
    );
  }
  if (flags.manifest !== undefined && (values !== undefined || set.length > 0 || flags.chart !== undefined))
    fail('--manifest is what a chart renders, --chart, --set and --values say how: expected one of them');
  if (command === undefined) {
    for (const name of ['portVariable', 'readyPath', 'livePath'] as const) {
      const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
      if (flags[name] !== undefined) fail(`${flag} is about another program: expected --command with it`);
    }
  }
  if (flags.front !== undefined && flags.https)
    fail('--front speaks plain HTTP on both sides: expected no --https with it');
  if (command !== undefined && findWindow)
    fail('--find-window sets SHUTDOWN_WINDOW, which --command does not know');
  if (command !== undefined && compare === 'window-0')
    fail('--compare window-0 sets SHUTDOWN_WINDOW, which --command does not know');
  if (findWindow && compare !== undefined) fail('--find-window compares by itself: expected no --compare');
  if (findWindow && draws) fail('--find-window draws nothing: expected neither --html nor --svg');
  if (findWindow && (flags.junit ?? flags.markdown) !== undefined)
    fail('--find-window is no test: expected neither --junit nor --markdown');
  if (scenario.length > 1 && (svg !== undefined || compare !== undefined || findWindow)) {
    fail('--svg, --compare and --find-window are about one scenario');
  }
  const [first = 'rollout'] = scenario;
  const { unavoidable } = SCENARIOS[first as ScenarioName] ?? {};
  if (findWindow && unavoidable !== undefined)
    fail(`--find-window: ${first} loses something with any window, ${unavoidable}`);
  const requests = Math.round((flags.rate * (flags.steady + flags.tail)) / 1000);
  if (requests > MOST_REQUESTS)
    fail(`--rate, --steady and --tail make ${requests} requests: expected at most ${MOST_REQUESTS}`);
  if ((slow ?? 0) + (post ?? 0) > 1)
    fail(`--slow ${slow} and --post ${post} are more than all requests together`);
}
