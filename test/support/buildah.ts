import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

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
    const store = ['--root', join(this.folder, 'root'), '--runroot', join(this.folder, 'runroot')];
    // Cache mounts, and what is unpacked for a moment, are in the temporary folder.
    const env = { ...process.env, TMPDIR: this.folder };
    const { status, stdout, stderr, error } = spawnSync('buildah', [...store, ...args], {
      env,
      encoding: 'utf8',
    });
    if (status !== 0) throw error ?? new Error(`buildah ${args[0]} failed:\n${stdout}${stderr}`);
    return stdout.trim();
  }

  /** Makes a container from the image, and returns the folder that has its files. */
  mount(image: string): string {
    return this.run('mount', this.run('from', '--pull=never', image));
  }

  config(image: string): ImageConfig {
    const { Docker } = JSON.parse(this.run('inspect', '--type', 'image', image)) as {
      Docker: { config: ImageConfig };
    };
    return Docker.config;
  }

  remove(): void {
    this.run('umount', '--all');
    this.run('rm', '--all');
    rmSync(this.folder, { recursive: true });
  }
}
