import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RehearsalError } from '../../errors.ts';
import { Container } from '../container.ts';
import type { Reaper } from '../reaper.ts';
import type { Passage } from './kind.ts';
import { type FrontName, FRONTS } from './kinds.ts';

/** More than the replicas of any rehearsal. */
const MOST_ENDPOINTS = 1000;
const LOOK_MS = 20;
const PATIENCE_MS = 10_000;

/** A real proxy between the clients and the replicas, which hears of endpoints as a balancer does. */
export class Front {
  readonly name: FrontName;
  readonly port: number;
  readonly #folder: string;
  readonly #container: Container;
  readonly #onFailure: (error: RehearsalError) => void;
  /** All ports that it was ever led to. */
  readonly #known: number[] = [];
  #ended = false;
  #told = Promise.resolve();

  private constructor(
    name: FrontName,
    port: number,
    reaper: Reaper,
    onFailure: (error: RehearsalError) => void,
  ) {
    const { program, configure } = FRONTS[name];
    this.name = name;
    this.#onFailure = onFailure;
    this.port = port;
    this.#folder = mkdtempSync(join(tmpdir(), 'rehearsal-front-'));
    const args = configure({ folder: this.#folder, port }, MOST_ENDPOINTS);
    // Debian has them where only root looks for programs.
    const env = { PATH: `${process.env['PATH']}:/usr/local/sbin:/usr/sbin` };
    this.#container = new Container([program, ...args], env, reaper, {
      onState: () => undefined,
      onReport: () => undefined,
      onExit: (code, signal) => {
        if (!this.#ended)
          onFailure(
            new RehearsalError('REHEARSAL_FAILED', `${name} has ended with ${signal ?? `exit ${code}`}`),
          );
        this.#ended = true;
      },
    });
  }

  /**
   * Starts it, without endpoints.
   *
   * @param onFailure is told if it ends, or can't be told of endpoints, before {@link end}
   * @throws RehearsalError `REHEARSAL_USAGE` if something that it needs is not there, `REHEARSAL_FAILED` if it ends at once
   */
  static async start(
    name: FrontName,
    port: number,
    reaper: Reaper,
    onFailure: (error: RehearsalError) => void,
  ): Promise<Front> {
    const missing = FRONTS[name].needs
      .filter(([file]) => !existsSync(file))
      .map(([, packageName]) => packageName);
    if (missing.length > 0)
      throw new RehearsalError('REHEARSAL_USAGE', `--front ${name} needs ${missing.join(' and ')} of Debian`);
    const front = new Front(name, port, reaper, onFailure);
    const giveUpAtMs = performance.now() + PATIENCE_MS;
    while (!(await accepts(front.port))) {
      if (front.#ended || performance.now() > giveUpAtMs) {
        const words = front.#container.lastWords.map((line) => `  ${line}`).join('\n');
        front.end();
        throw new RehearsalError('REHEARSAL_FAILED', `${name} does not start:\n${words}`);
      }
      await sleep(LOOK_MS);
    }
    return front;
  }

  /** Requests go to these ports from now on; one change after the other. */
  lead(endpoints: number[]): void {
    this.#known.push(...endpoints.filter((port) => !this.#known.includes(port)));
    this.#told = this.#lead(this.#told, endpoints);
  }

  async #lead(before: Promise<void>, endpoints: number[]): Promise<void> {
    await before;
    if (this.#ended) return;
    await FRONTS[this.name]
      .lead({ folder: this.#folder, port: this.port }, endpoints, this.#known)
      .catch((error: Error) => {
        if (!this.#ended)
          this.#onFailure(new RehearsalError('REHEARSAL_FAILED', `${this.name}: ${error.message}`));
      });
  }

  /** Resolves when it knows of everything that it was told. */
  async told(): Promise<void> {
    await this.#told;
  }

  passage(status: number, headers: IncomingHttpHeaders): Passage {
    return FRONTS[this.name].passage(status, headers, this.#known);
  }

  end(): void {
    this.#ended = true;
    this.#container.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

async function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port }, () => {
      resolve(true);
      socket.destroy();
    });
    socket.on('error', () => resolve(false));
  });
}
