import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { stripVTControlCharacters } from 'node:util';
import { own } from '../harness/own.ts';

/** Why no terminal can be had here: `script` of util-linux makes them. */
export const NO_TERMINAL = spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes(
  'util-linux',
)
  ? undefined
  : 'there is no script of util-linux';

/** A program on a terminal of its own. */
export class Terminal {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #text = '';
  readonly #changes = new EventEmitter();

  constructor(command: string, env: Record<string, string>, cwd = process.cwd()) {
    // Without a terminal of its own, script does not know how large one is.
    const sized = `stty columns 120 rows 40; ${command}`;
    const args = ['--quiet', '--return', '--command', sized, '/dev/null'];
    this.#child = spawn('script', args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#ended = once(this.#child, 'exit');
    this.#child.stdout?.on('data', (chunk: Buffer) => {
      this.#text += stripVTControlCharacters(chunk.toString()).replaceAll('\r', '');
      this.#changes.emit('change');
    });
    void this.#ended.then(() => this.#changes.emit('change'));
    own(async () => {
      this.#child.kill('SIGHUP'); // as a terminal that is closed
      await this.#ended;
    });
  }

  /** All that it has shown. */
  get text(): string {
    return this.#text;
  }

  /** Waits for the `n`th match. @throws Error with all that it has shown if it ends before */
  async shows(pattern: RegExp, n = 1): Promise<RegExpMatchArray> {
    for (;;) {
      const found = [...this.#text.matchAll(new RegExp(pattern, 'g'))][n - 1];
      if (found !== undefined) return found;
      if (this.#child.exitCode !== null) throw new Error(`it ended, and has shown\n${this.#text}`);
      await once(this.#changes, 'change');
    }
  }

  /** As if a person had typed it; `\x03` is Ctrl-C. */
  type(text: string): void {
    this.#child.stdin?.write(text);
  }

  /** Its exit code. */
  async ended(): Promise<number | null> {
    await this.#ended;
    return this.#child.exitCode;
  }
}
