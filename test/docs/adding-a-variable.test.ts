import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { envOf, render } from '../../scripts/helm.ts';
import { startService } from '../harness/service.ts';
import { unlessMissing } from '../support/skipping.ts';
import { insert, insertionsOf } from '../../scripts/docs-blocks.ts';

const TIMEOUT = 60_000;
const NAME = 'ORDERS_MIN_QUANTITY';
const INSERTIONS = insertionsOf('docs/configuration.md');

let copy: string;
let chart: string;

// A clone may have taken the example out that the list is about.
const obstacle = existsSync('src/service/orders') ? undefined : 'there is no src/service/orders';
const describeIfThere = unlessMissing(describe, 'adding a variable', obstacle);

describeIfThere('the list of docs/configuration.md, taken in a copy', () => {
  beforeAll(() => {
    copy = mkdtempSync(join(tmpdir(), 'variable-'));
    for (const name of ['src', 'helm', 'scripts', 'package.json', 'tsconfig.json', 'tsconfig.build.json']) {
      cpSync(name, join(copy, name), { recursive: true });
    }
    symlinkSync(resolve('node_modules'), join(copy, 'node_modules'));
    chart = join(copy, 'helm');
    for (const insertion of INSERTIONS) {
      const path = join(copy, insertion.file);
      writeFileSync(path, insert(readFileSync(path, 'utf8'), insertion));
    }
  });

  afterAll(() => rmSync(copy, { recursive: true }));

  test('the list touches the service and each file of the chart that has the values', () => {
    expect(INSERTIONS.map(({ file }) => file)).toEqual([
      'src/service/orders/variables.ts',
      'helm/values.yaml',
      'helm/ci/everything-values.yaml',
      'helm/values.schema.json',
      'helm/templates/_env.tpl',
    ]);
  });

  test('a service that was built so reads the variable, and refuses what is no number', async () => {
    const { stdout } = spawnSync('node_modules/.bin/tsc', ['-p', join(copy, 'tsconfig.build.json')], {
      encoding: 'utf8',
    });
    expect(stdout).toBe('');
    const entry = join(copy, 'dist', 'main.js');

    const service = startService({ [NAME]: '2', LOG_LEVEL: 'debug' }, { entry });
    const { config } = await service.line({ event: 'config' });
    expect(config).toMatchObject({ variables: { orders: { minQuantity: 2 } } });

    const { code, stderr } = await startService({ [NAME]: 'few' }, { entry }).ended;
    expect(code).toBe(78);
    expect(stderr).toContain(`${NAME}="few": expected a whole number, 1 or more`);
  });

  test(
    'the chart sets the variable, leaves it alone when the value is empty, and refuses another form',
    async () => {
      const rendered = async (ordersMinQuantity?: unknown) =>
        envOf(await render({ chart, values: { config: { ordersMinQuantity } } }));

      expect((await rendered('2'))[NAME]).toBe('2');
      expect(await rendered('')).not.toHaveProperty(NAME);
      await expect(rendered('few')).rejects.toThrow('ordersMinQuantity');
      const files = [join(chart, 'ci/everything-values.yaml')];
      expect(envOf(await render({ chart, files }))[NAME]).toBe('2');
    },
    TIMEOUT,
  );

  test('helm/README.md gets a row for the value', () => {
    const command = join('node_modules', '.bin', 'tsx');
    const { status } = spawnSync(command, ['scripts/chart-readme.ts'], { cwd: copy, encoding: 'utf8' });

    expect(status).toBe(0);
    expect(readFileSync(join(chart, 'README.md'), 'utf8')).toContain('| `config.ordersMinQuantity` | `""` |');
  });

  test(
    'extraEnv of the page sets the variable without a change of the chart',
    async () => {
      const page = readFileSync('docs/configuration.md', 'utf8');
      const [, yaml = ''] = /^```yaml\n(extraEnv:[^]*?)^```$/m.exec(page) ?? [];

      expect(envOf(await render({ values: parse(yaml) as object }))[NAME]).toBe('2');
    },
    TIMEOUT,
  );
});
