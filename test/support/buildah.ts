import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** What Docker's image format says about how to run an image; absent: not set. */
export interface ImageConfig {
  Entrypoint: string[];
  Cmd: string[];
  Env: string[];
  User: string;
  WorkingDir: string;
  StopSignal?: string;
  ExposedPorts?: Record<string, object>;
  Healthcheck?: object;
  Labels: Record<string, string>;
}

/** buildah with a store of its own: the images of this machine play no part, no registry is asked, nothing stays. */
export class Buildah {
  readonly folder = mkdtempSync(join(tmpdir(), 'image-'));

  /** Returns what buildah writes on its standard output. Throws all that it said if it fails. */
  run(...args: string[]): string {
    const { status, stdout, stderr, error } = spawnSync('buildah', [...this.store(), ...args], {
      env: this.env(),
      encoding: 'utf8',
    });
    if (status !== 0) throw error ?? new Error(`buildah ${args[0]} failed:\n${stdout}${stderr}`);
    return stdout.trim();
  }

  /** The same while others work; rejects with all that buildah said. */
  async start(...args: string[]): Promise<void> {
    const options = { env: this.env(), maxBuffer: Infinity };
    await promisify(execFile)('buildah', [...this.store(), ...args], options);
  }

  private store(): string[] {
    return ['--root', join(this.folder, 'root'), '--runroot', join(this.folder, 'runroot')];
  }

  /** Cache mounts, and what is unpacked for a moment, are in the temporary folder. */
  private env(): NodeJS.ProcessEnv {
    return { ...process.env, TMPDIR: this.folder };
  }

  /** Makes a container from the image, and returns the folder that has its files. */
  mount(image: string): string {
    return this.run('mount', this.run('from', '--pull=never', image));
  }

  config(image: string): ImageConfig {
    return this.inspect(image).Docker.config;
  }

  /** What OCI calls the configuration: how to run it, when it was made, and every layer by a hash of what is in it. */
  bits(image: string): object {
    return this.inspect(image).OCIv1;
  }

  private inspect(image: string) {
    return JSON.parse(this.run('inspect', '--type', 'image', image)) as {
      Docker: { config: ImageConfig };
      OCIv1: object;
    };
  }

  remove(): void {
    this.run('umount', '--all');
    this.run('rm', '--all');
    rmSync(this.folder, { recursive: true });
  }
}
