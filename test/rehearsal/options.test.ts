import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { outputsOf } from '../../rehearsal/command/files.ts';
import { readOptions } from '../../rehearsal/command/options.ts';
import { writeAll } from '../../rehearsal/command/outputs.ts';
import { newFolder } from '../support/folder.ts';
import { rehearsal } from '../support/rehearsal-result.ts';

test.each([
  [['--rate', '100001'], /--rate.*expected a whole number from 1 to 100000/],
  [['--clients', '9999999'], /--clients.*expected a whole number from 1 to 10000/],
  [['--replicas', '101'], /--replicas.*expected a whole number from 1 to 100/],
  [['--replicas', '0'], /--replicas.*expected a whole number from 1 to 100/],
  [['--seed', '99999999999999999999'], /--seed.*expected a whole number from 0 to 2147483646/],
  [['--post-bytes', '10000001'], /--post-bytes.*expected a whole number from 0 to 10000000/],
  [['--timeout', '0'], /--timeout.*expected a duration of at least 1ms/],
  [['--steady', '25h'], /--steady.*expected a duration such as 250ms/],
  [['--rate', '50000', '--steady', '5m', '--tail', '0'], /15000000 requests.*expected at most 5000000/],
  [['--endpoint-lag', '5'], /--endpoint-lag.*expected a duration such as 250ms/],
  [['--stall', '2'], /--stall.*expected a duration such as 250ms/],
  [['--fresh', '2'], /--fresh.*expected a share such as 0\.2 or 20%/],
  [['--scenario', 'earthquake'], /--scenario.*expected all, or some of rollout, scale-down/],
  [['--scenario', 'nowhere.yaml'], /--scenario nowhere\.yaml:\n {2}ENOENT/],
  [['--compare', 'toString'], /--compare.*expected one of window-0, express/],
  [['--compare', 'window-0', '--command', 'x'], /window-0 sets SHUTDOWN_WINDOW, which --command does not/],
  [['--command', ' '], /--command.*expected a program/],
  [['--command', 'x', '--port-variable', 'A B'], /--port-variable.*expected the name of a variable/],
  [['--ready-path', '/'], /--ready-path is about another program: expected --command/],
  [['--find-window', '--scenario', 'crash'], /--find-window: crash loses something with any window/],
  [['--find-window', '--junit', 'x.xml'], /--find-window is no test/],
  [['--compare', 'nothing'], /--compare.*expected one of window-0, express/],
  [['--env', 'SHUTDOWN_WINDOW'], /--env.*expected NAME=value/],
  [['--header', 'X'], /--header.*expected 'Name: value'/],
  [['--header', 'A B: c'], /--header.*expected the name of a header/],
  [['--header', 'A: b\nC: d'], /--header[^]*expected 'Name: value'/],
  [['--expect-status', '1000'], /--expect-status.*expected a whole number from 100 to 599/],
  [['--stop-signal', 'SIGNALL'], /--stop-signal.*expected the name of a signal/],
  [['--stop-signal', 'SIGSTOP'], /--stop-signal.*expected the name of a signal/],
  [['--front', 'apache'], /--front.*expected one of nginx, haproxy/],
  [['--front', 'nginx', '--https'], /--front speaks plain HTTP/],
  [['--fail-on', 'nothing'], /--fail-on.*expected loss or unexpected/],
  [['--command', 'x', '--values', 'y.yaml'], /--command .* --values .*expected one of them/],
  [['--command', 'x', '--chart', 'y'], /--command .* --chart,.*expected one of them/],
  [['--manifest', 'x', '--chart', 'y'], /--manifest is what a chart renders,.*expected one of them/],
  [['--command', 'x', '--manifest', 'nowhere.yaml'], /--manifest nowhere\.yaml: ENOENT/],
  [['--scenario', 'all', '--svg', 'x.svg'], /about one scenario/],
  [['--html', 'nowhere/page.html'], /--html: nowhere\/page\.html can't be written: ENOENT/],
  [['--junit', 'nowhere/x.xml'], /--junit: nowhere\/x\.xml can't be written: ENOENT/],
  [['--svg', '.'], /--svg: .* can't be written: it is a folder/],
  [['--slow', '60%', '--post', '60%'], /more than all requests together/],
  [['--nonsense'], /unknown option '--nonsense'/],
  [['nonsense'], /too many arguments/],
])('%j is refused with what was expected', async (args, message) => {
  await expect(readOptions(args, {})).rejects.toMatchObject({
    code: 'REHEARSAL_USAGE',
    message: expect.stringMatching(message),
  });
});

test('the JSON comes first, and a file that fails is named and costs no other', () => {
  const folder = newFolder();
  const file = (name: string) => join(folder, name);
  const broken = () => {
    throw new Error('a mistake');
  };

  const problems = writeAll([
    { flag: '--svg', file: join(folder, 'gone', 'x.svg'), text: () => 'svg' },
    { flag: '--html', file: file('x.html'), text: broken },
    { flag: '--json', file: file('x.json'), text: () => 'json' },
  ]);

  expect(problems).toEqual([
    expect.stringMatching(/^--svg: .*x\.svg could not be written: ENOENT/),
    expect.stringMatching(/^--html: .*x\.html could not be written: a mistake/),
  ]);
  expect(readFileSync(file('x.json'), 'utf8')).toBe('json');
});

test('what was found before a series came to its end is written, as the series that was asked for', async () => {
  const args = [
    '--command',
    'x',
    '--scenario',
    'rollout,crash',
    '--json',
    'x',
    '--html',
    'x',
    '--junit',
    'x',
  ];
  const wanted = await readOptions(args, {});
  const [plan] = wanted.plans;
  if (plan === undefined) throw new Error('no plan');

  const outputs = outputsOf(wanted, [{ plan, result: rehearsal() }]);

  expect(outputs.map(({ flag }) => flag)).toEqual(['--json', '--junit', '--html']);
  expect(JSON.parse(outputs[0]?.text() ?? '')).toHaveLength(1);
  expect(outputsOf(wanted, [])).toEqual([]);
  expect(outputsOf(wanted, [{ plan, problem: 'why' }]).map(({ flag }) => flag)).toEqual(['--junit']);
});

test('a manifest says what the pod is like, and the command line says more', async () => {
  const file = join(newFolder(), 'pod.yaml');
  writeFileSync(
    file,
    `{kind: Deployment, spec: {replicas: 5, template: {spec: {terminationGracePeriodSeconds: 7, containers: [
      {name: app, ports: [{containerPort: 80}], lifecycle: {stopSignal: SIGQUIT, preStop: {sleep: {seconds: 3}}}}]}}}}`,
  );
  const read = async (...args: string[]) =>
    (await readOptions(['--command', 'x', '--manifest', file, ...args], {})).plans[0];

  expect(await read()).toMatchObject({
    pod: { graceMs: 7000, preStopMs: 3000, stopSignal: 'SIGQUIT' },
    deployment: { replicas: 5 },
  });
  const more = ['--grace', '9s', '--pre-stop', '0', '--stop-signal', 'SIGINT', '--replicas', '2'];
  expect(await read(...more)).toMatchObject({
    pod: { graceMs: 9000, preStopMs: 0, stopSignal: 'SIGINT' },
    deployment: { replicas: 2 },
  });
});
