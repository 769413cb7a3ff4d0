import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT, type Step, workflows } from './workflows.ts';

const STUBS = join(ROOT, 'test/workflows/stubs');

/** The step of a job that has this name, or this id. */
export function stepOf(file: string, job: string, name: string): Step {
  const steps = workflows().find((workflow) => workflow.file === file)?.jobs[job]?.steps ?? [];
  const step = steps.find((candidate) => candidate.name === name || candidate.id === name);
  if (step === undefined) throw new Error(`${file}: ${job} has no step ${name}`);
  return step;
}

/** A folder in which steps run one after the other, as GitHub runs them, with stubs for what is not there. */
export class Runner {
  readonly folder = mkdtempSync(join(tmpdir(), 'runner-'));

  constructor() {
    this.write('calls', '');
  }

  /** @param env what the step says with an expression, and the values that GitHub sets */
  run({ run = '' }: Step, env: Record<string, string> = {}) {
    this.write('output', '');
    const { status, stdout, stderr } = spawnSync('bash', ['-eo', 'pipefail', '-c', run], {
      cwd: this.folder,
      encoding: 'utf8',
      env: {
        PATH: `${STUBS}:${process.env['PATH']}`,
        STUB: this.folder,
        GITHUB_OUTPUT: join(this.folder, 'output'),
        GITHUB_STEP_SUMMARY: '/dev/null',
        GITHUB_SERVER_URL: 'https://github.com',
        GITHUB_REPOSITORY: 'Acme/Orders',
        ...env,
      },
    });
    const lines = this.read('output').split('\n').slice(0, -1);
    const outputs = Object.fromEntries(
      lines.map((line) => [line.split('=')[0], line.replace(/^[^=]*=/, '')]),
    );
    return { code: status, said: stdout + stderr, outputs };
  }

  write(path: string, content: string, mode = 0o644): void {
    writeFileSync(join(this.folder, path), content, { mode });
  }

  read(path: string): string {
    return readFileSync(join(this.folder, path), 'utf8');
  }

  /** What the stubs were asked for, a line each. */
  calls(): string[] {
    return this.read('calls').split('\n').slice(0, -1);
  }

  /** The digest behind a tag or digest of the image in the registry of the stub. */
  published(name: string): string | undefined {
    const path = join('registry', name);
    return existsSync(join(this.folder, path)) ? this.read(path).trim() : undefined;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}
