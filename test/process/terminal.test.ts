import { describe, expect, jest, test } from '@jest/globals';
import { own } from '../harness/own.ts';
import { Copy, OBSTACLE } from '../support/copy.ts';
import { freePorts } from '../support/ports.ts';
import { unlessMissing } from '../support/skipping.ts';
import { NO_TERMINAL, Terminal } from '../support/terminal.ts';

jest.setTimeout(120_000);

const testOnTerminal = unlessMissing(test, 'what a person sees at a terminal', NO_TERMINAL ?? OBSTACLE);

const OPEN = /open: (http:\/\/localhost:\d+); probes, metrics and state: (http:\/\/localhost:\d+)\n/;

async function terminal(command: string, cwd?: string): Promise<{ terminal: Terminal; ports: number[] }> {
  const ports = await freePorts(2);
  const [port, management] = ports.map(String);
  const env = { PORT: port ?? '', MANAGEMENT_PORT: management ?? '', LOG_LEVEL: 'info' };
  return { terminal: new Terminal(command, env, cwd), ports };
}

describe('at a terminal', () => {
  testOnTerminal('npm start says in one line where to click, and Ctrl-C ends it at once', async () => {
    const { terminal: screen, ports } = await terminal('npm start --silent');

    const [, traffic, management = ''] = await screen.shows(OPEN);
    expect([traffic, management]).toEqual(ports.map((port) => `http://localhost:${port}`));
    expect((await fetch(`${management}/readyz`)).status).toBe(200);
    expect(screen.text.match(new RegExp(String(ports[0]), 'g'))).toHaveLength(1);

    screen.type('\x03');
    await screen.shows(/clean shutdown in \d+ ms, exit 0\n/);
    await screen.ended();
    // What is for machines is not shown to people.
    expect(screen.text).not.toContain('{"');
  });

  testOnTerminal('npm run dev starts again on a change, and leaves no port taken', async () => {
    const copy = new Copy();
    own(() => copy.remove());
    const { terminal: screen, ports } = await terminal('npm run --silent dev', copy.folder);
    const [, traffic = ''] = await screen.shows(OPEN);
    const who = async () => ((await (await fetch(traffic)).json()) as { service: string }).service;
    const file = 'src/service/home/home.ts';
    const answer = copy.read(file);

    for (const [index, name] of ['first', 'second'].entries()) {
      copy.write(file, answer.replace('service: name', `service: '${name}'`));
      await screen.shows(OPEN, index + 2);
      expect(await who()).toBe(name);
    }

    screen.type('\x03');
    await screen.ended();
    for (const port of ports) {
      await expect(fetch(`http://localhost:${port}`)).rejects.toMatchObject({
        cause: { code: 'ECONNREFUSED' },
      });
    }
    expect(screen.text).not.toContain('EADDRINUSE');
  });
});
