import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { readScenario } from '../../rehearsal/scenario-file.ts';
import { overlappingInTime as test } from '../harness/overlapping.ts';
import { newFolder } from '../support/folder.ts';
import { planOf, rehearsed, service } from '../support/rehearsal-plan.ts';

function fileWith(text: string): string {
  const file = join(newFolder(), 'bad-night.yaml');
  writeFileSync(file, text);
  return file;
}

const NIGHT = `
description: a replica is evicted, one crashes, and the rest goes home
steps:
  - {stuck: 1}
  - {evict: 1}
  - ready
  - {crash: 1}
  - {wait: 100ms}
  - {start-delay: 50ms}
  - {delete: 1}
  - rollout
  - {scale: 1}
`;

test('a scenario from a file has the name of its file, and its steps in their order', () => {
  expect(readScenario(fileWith(NIGHT))).toEqual({
    name: 'bad-night',
    description: 'a replica is evicted, one crashes, and the rest goes home',
    steps: [
      { stuck: 1 },
      { evict: 1 },
      'ready',
      { crash: 1 },
      { wait: 100 },
      { 'start-delay': 50 },
      { delete: 1 },
      'rollout',
      { scale: 1 },
    ],
  });
});

test('the example of the documentation is one', () => {
  const [, example = ''] =
    /```yaml\n(description: [^]*?)```/.exec(readFileSync('docs/rehearsal.md', 'utf8')) ?? [];

  expect(readScenario(fileWith(example)).steps).toContainEqual({ 'start-delay': 3000 });
});

test.each([
  ['steps: [', /bad-night\.yaml:\n {2}./],
  ['just words', /steps: expected a list of them/],
  ['{steps: [], more: 1}', /more: expected description and steps, nothing else\n {2}steps: expected a list/],
  [
    '{steps: [earthquake, {delete: 0}, {scale: 101}, {wait: 5}, {crash: 1, evict: 1}]}',
    /steps\[0\]: "earthquake", expected one of rollout, ready, delete: …[^]*\[1\]: delete: expected a number of replicas from 1 to 100\n[^]*\[2\]: scale: expected .* from 0 to 100\n[^]*\[3\]: wait: expected a duration[^]*\[4\]: \{/,
  ],
  ['{description: [], steps: [ready]}', /description: expected a text/],
])('%s is refused with what was expected', (text, message) => {
  expect(() => readScenario(fileWith(text))).toThrow(
    expect.objectContaining({ code: 'REHEARSAL_USAGE', message: expect.stringMatching(message) }),
  );
});

test('its steps happen one after the other, and only what no setting would have kept is lost', async () => {
  const own = readScenario(fileWith(NIGHT));
  const subject = service({ SHUTDOWN_WINDOW: '1s', SHUTDOWN_DRAIN_TIMEOUT: '300ms' });
  const plan = planOf(subject, { load: { rate: 60, fresh: 0.8 }, network: { endpointLagMs: 200 } });

  const result = await rehearsed({ ...plan, scenario: own.name, own });

  const { replicas, settings, scenario, losses, unexpected } = result;
  expect(scenario).toEqual({ name: 'bad-night', description: own.description });
  expect(settings.steps).toEqual(own.steps);
  const [evicted, crashed] = replicas;
  expect(evicted).toMatchObject({ name: 'old-1', sigtermAtMs: expect.any(Number) });
  expect(evicted?.deletedAtMs).toBeUndefined();
  expect(crashed).toMatchObject({ name: 'old-2', killed: 'crash' });
  expect(losses.filter(({ kind }) => kind === 'stuck')).toHaveLength(1);
  // One for the evicted, one for the deleted, two for the rollout; at the end there is one.
  expect(replicas.map(({ name }) => name)).toEqual(['old-1', 'old-2', 'new-1', 'new-2', 'new-3', 'new-4']);
  expect(
    replicas.filter(({ exit, deletedAtMs }) => exit === undefined && deletedAtMs === undefined),
  ).toHaveLength(1);
  expect(unexpected).toBe(0);
}, 180_000);
