// What an editor and its container start.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { defaults } from '../../src/service/variables.ts';
import { startService } from '../harness/service.ts';

interface Launch {
  name: string;
  runtimeArgs?: string[];
  program?: string;
}

const read = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as unknown;
const { scripts } = read('package.json') as { scripts: Record<string, string> };

describe('.vscode', () => {
  const { configurations } = read('.vscode/launch.json') as { configurations: Launch[] };
  const { tasks } = read('.vscode/tasks.json') as { tasks: { label: string; script: string }[] };

  test('has tasks for npm scripts that exist', () => {
    expect(tasks.map(({ script }) => script).filter((script) => !(script in scripts))).toEqual([]);
  });

  test('starts the service as "Service" says, from its sources', async () => {
    const { runtimeArgs = [], program = '' } = configurations.find(({ name }) => name === 'Service') ?? {};

    const entry = program.replace('${workspaceFolder}/', '');
    const service = startService({ NODE_OPTIONS: runtimeArgs.join(' ') }, { entry });

    expect((await fetch(`${await service.management}/readyz`)).status).toBe(200);
  });

  test('names programs that are there', () => {
    for (const { program } of configurations) {
      if (program !== undefined) readFileSync(program.replace('${workspaceFolder}/', ''));
    }
    expect(configurations.length).toBeGreaterThan(2);
  });
});

test('the container of the editor has the Node of .nvmrc, and shows the ports of the service', () => {
  const container = read('.devcontainer/devcontainer.json') as {
    image: string;
    forwardPorts: number[];
    portsAttributes: object;
  };
  const own: Partial<Record<'PORT' | 'MANAGEMENT_PORT', string>> = defaults;
  const { PORT = '8080', MANAGEMENT_PORT = '8081' } = own;
  const ports = [PORT, MANAGEMENT_PORT];

  expect(container.image).toContain(`:${readFileSync('.nvmrc', 'utf8').trim()}-`);
  expect(container.forwardPorts.map(String)).toEqual(ports);
  expect(Object.keys(container.portsAttributes)).toEqual(ports);
});
