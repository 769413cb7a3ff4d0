import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { IPod } from 'kubernetes-models/v1';
import { parse } from 'yaml';
import { makeBaseImages, NODE_IMAGE, RUNTIME_IMAGE } from '../support/base-images.ts';
import { Buildah } from '../support/buildah.ts';
import { type Image, startContainer, testWithContainers } from '../support/container.ts';
import { ofKind, podSpecOf, render } from '../../scripts/helm.ts';
import { readPaths } from '../../scripts/paths.ts';
import { inFlight } from '../harness/http.ts';
import { productionOf, versionsIn } from '../support/lockfile.ts';
import { environmentOf } from '../support/pod.ts';
import { QUICK } from '../harness/environment.ts';
import { numbersOf, reportOf } from '../harness/report.ts';
import { PORTS } from '../support/names.ts';
import { unlessMissing } from '../support/skipping.ts';
import { withTakenPort } from '../support/taken-port.ts';

jest.setTimeout(30_000);
const BUILD_TIMEOUT = 240_000; // npm installs twice in it

const testWherePossible = testWithContainers();
const possible = testWherePossible === test;
const PATHS = readPaths();
/** For what takes its time; a service may have nothing that does. */
const testWhereSlow = unlessMissing(
  testWherePossible as typeof test,
  'tests of the image with a slow request',
  PATHS.slow === undefined ? 'src/service/paths.json has none' : undefined,
);
/** For compose.yaml, which may have been taken out. */
const testWithCompose = unlessMissing(
  testWherePossible as typeof test,
  'the health check of compose.yaml',
  existsSync('compose.yaml') ? undefined : 'there is no compose.yaml',
);
const slow = (ms: number) => PATHS.slow?.path.replace('%ms', String(ms));

const TAG = 'localhost/service';
const VERSION = '1.2.3';
const REVISION = '0123456789abcdef0123456789abcdef01234567';

/** Of a commit, in seconds: SOURCE_DATE_EPOCH. */
const MADE = 1_700_000_000;
const AGAIN = 'localhost/again';

let buildah: Buildah;
let image: Image;
let baseRoot: string;
let again: Promise<void>;

beforeAll(async () => {
  if (!possible) return;
  buildah = new Buildah();
  await makeBaseImages(buildah);
  const values = { NODE_IMAGE, RUNTIME_IMAGE, VERSION, REVISION };
  const args = Object.entries(values).flatMap((entry) => ['--build-arg', entry.join('=')]);
  const offline = ['--pull=never', '--isolation', 'chroot', '--network', 'host'];
  const options = [...offline, '--format', 'docker', '--timestamp', String(MADE), ...args];
  buildah.run('build', ...options, '--tag', TAG, '.');
  again = buildah.start('build', ...options, '--tag', AGAIN, copyOfContext(buildah.folder));
  image = { config: buildah.config(TAG), root: buildah.mount(TAG) };
  baseRoot = buildah.mount(RUNTIME_IMAGE);
}, BUILD_TIMEOUT);

afterAll(async () => {
  if (!possible) return;
  await again;
  buildah.remove();
}, BUILD_TIMEOUT);

/** What a build may see, as new files in another folder. */
function copyOfContext(parent: string): string {
  const folder = join(parent, 'context');
  const [, ...allowed] = readFileSync('.dockerignore', 'utf8').match(/^[*!].*$/gm) ?? [];
  for (const path of ['Dockerfile', '.dockerignore', ...allowed.map((rule) => rule.slice(1))]) {
    cpSync(path, join(folder, path), { recursive: true });
  }
  return folder;
}

/** Paths of everything in a folder, below it. */
const everythingIn = (folder: string) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();

describe('the image has', () => {
  const own = () => join(image.root, 'app');

  testWherePossible('the compiled service, its package.json and its packages, and nothing else', () => {
    const added = everythingIn(image.root).filter((path) => !path.startsWith('app/'));
    expect(added).toEqual([...everythingIn(baseRoot), 'app'].sort());
    expect(readdirSync(own()).sort()).toEqual(['dist', 'node_modules', 'package.json']);
  });

  testWherePossible('the very files that the other tests run', () => {
    const here = everythingIn('dist').filter((path) => path !== '.tsbuildinfo');
    expect(everythingIn(join(own(), 'dist'))).toEqual(here);
    for (const path of here.filter((file) => file.endsWith('.js'))) {
      expect(readFileSync(join(own(), 'dist', path), 'utf8')).toBe(readFileSync(join('dist', path), 'utf8'));
    }
  });

  testWherePossible('every package of production in the locked version, and none of development', () => {
    const installed = versionsIn(join(own(), 'node_modules/.package-lock.json'));
    expect(installed).toEqual(productionOf('.'));
    expect(installed.length).toBeGreaterThan(50);
  });

  testWherePossible('no native code: it is built on one platform for all', () => {
    const binaries = everythingIn(own()).filter((path) => {
      const file = join(own(), path);
      return statSync(file).isFile() && readFileSync(file).subarray(0, 4).toString('latin1') === '\x7fELF';
    });
    expect(binaries).toEqual([]);
  });

  testWherePossible('no file that its user could change', () => {
    const open = [own(), ...everythingIn(own()).map((path) => join(own(), path))].filter((path) => {
      const { uid, gid, mode } = statSync(path);
      return uid !== 0 || gid !== 0 || (mode & 0o002) !== 0;
    });
    expect(open).toEqual([]);
  });

  testWherePossible('less than 10 MB, compressed, of its own', () => {
    const archive = execFileSync('tar', ['-C', own(), '-cz', '.'], { maxBuffer: Infinity });
    expect(archive.length).toBeLessThan(10_000_000);
    expect(archive.length).toBeGreaterThan(100_000);
  });

  testWherePossible('labels that say which build it is, and the service says it too', async () => {
    expect(image.config.Labels).toMatchObject({
      'org.opencontainers.image.version': VERSION,
      'org.opencontainers.image.revision': REVISION,
    });
    const container = startContainer(image);
    const metrics = await (await fetch(`${await container.management}/metrics`)).text();
    expect(metrics).toContain(`revision="${REVISION}"`);
  });
});

describe('as a container', () => {
  testWherePossible('Node is PID 1, without root, capabilities or a way to them', async () => {
    const container = startContainer(image);
    await container.url;
    const { NSpid, Uid, Gid, ...status } = container.status();
    expect(NSpid).toMatch(/\t1$/);
    expect([Uid, Gid]).toEqual(Array.from({ length: 2 }, () => Array(4).fill('65532').join('\t')));
    const none = '0'.repeat(16);
    expect(status).toMatchObject({ CapEff: none, CapPrm: none, CapBnd: none, NoNewPrivs: '1' });
  });

  testWherePossible('its file system can not be written', async () => {
    const script = `try { fs.writeFileSync('/app/dist/main.js', '') } catch ({ code }) { console.log(code) }`;
    const { stdout, code } = await startContainer(image, {}, ['-e', script]).ended;
    expect({ stdout, code }).toEqual({ stdout: 'EROFS\n', code: 0 });
  });

  testWherePossible('probes are answered with the environment that the chart renders', async () => {
    const { container: rendered } = podSpecOf(await render());
    const container = startContainer(image, { ...environmentOf(rendered), ...QUICK });
    await container.url;
    const paths = [rendered.startupProbe, rendered.livenessProbe, rendered.readinessProbe].map(
      (probe) => probe?.httpGet?.path,
    );
    const management = await container.management;
    const statuses = paths.map(async (path) => (await fetch(`${management}${path}`)).status);
    expect(await Promise.all(statuses)).toEqual([200, 200, 200]);
  });

  testWherePossible('the test pod of the chart runs in it, and reaches the service', async () => {
    const [pod] = ofKind<IPod>(await render(), 'Pod');
    const URL = `${await startContainer(image).url}/`;
    const { stdout, code } = await startContainer(image, { URL }, pod?.spec?.containers[0]?.args).ended;
    expect({ stdout, code }).toEqual({ stdout: `${URL} 200\n`, code: 0 });
  });

  testWithCompose('the health check of compose.yaml knows a ready service from none', async () => {
    const { services } = parse(readFileSync('compose.yaml', 'utf8')) as {
      services: { service: { healthcheck: { test: string[] } } };
    };
    const [kind, program, ...args] = services.service.healthcheck.test;
    expect([kind, program]).toEqual(['CMD', image.config.Entrypoint[0]]);
    const check = async (port: string) => {
      const here = args.map((arg) => arg.replace(`:${PORTS.management}/`, `:${port}/`));
      return (await startContainer(image, {}, here).ended).code;
    };
    const { port } = new URL(await startContainer(image).management);
    expect(await check(port)).toBe(0);
    expect(await check('1')).toBe(1);
  });

  testWhereSlow(
    'on its stop signal, what is in flight is answered, and the report is left behind',
    async () => {
      const container = startContainer(image);
      const url = await container.url;
      const answer = fetch(`${url}${slow(1000)}`);
      await inFlight(await container.management, 1);
      container.kill(image.config.StopSignal as NodeJS.Signals);
      expect((await answer).status).toBe(PATHS.slow?.status);
      const { code, report } = await reportOf(container);
      expect({ code, outcome: report.outcome }).toEqual({ code: 0, outcome: 'clean' });
      expect(numbersOf(report).requests).toMatchObject({ inFlightAtSignal: 1, cut: 0 });
      expect(report).toMatchObject(JSON.parse(container.terminationMessage()) as object);
    },
  );

  testWhereSlow('a request that outlasts the drain is cut, which the exit code tells', async () => {
    const container = startContainer(image, { SHUTDOWN_DRAIN_TIMEOUT: '100ms' });
    const answer = fetch(`${await container.url}${slow(60_000)}`).catch((error: Error) => error.name);
    await inFlight(await container.management, 1);
    container.kill(image.config.StopSignal as NodeJS.Signals);
    const { code, report } = await reportOf(container);
    expect(code).toBe(80);
    expect(report).toMatchObject(JSON.parse(container.terminationMessage()) as object);
    expect(await answer).toBe('TypeError');
  });

  testWherePossible('a configuration that can not be used ends it with 78', async () => {
    const { code, stderr } = await startContainer(image, { PORT: 'http' }).ended;
    expect(code).toBe(78);
    expect(stderr).toContain('PORT="http": expected a port');
  });

  testWherePossible('a stack trace leads to the TypeScript', async () => {
    await withTakenPort(async (PORT) => {
      const container = startContainer(image, { PORT });
      const { err } = (await container.line({ event: 'fatal' })) as unknown as { err: { stack: string } };
      const frames = err.stack.split('\n').filter((frame) => /\/app\/(?!node_modules)/.test(frame));
      expect(frames.length).toBeGreaterThan(0);
      for (const frame of frames) expect(frame).toMatch(/\/app\/src\/[\w/-]+\.ts:\d+:\d+/);
    });
  });

  testWherePossible('the log can also be one for people', async () => {
    await withTakenPort(async (PORT) => {
      const { code, stdout } = await startContainer(image, { PORT, LOG_FORMAT: 'pretty' }).ended;
      expect(code).toBe(1);
      expect(stdout).toMatch(/FATAL.*is already taken/);
    });
  });
});

// Last: it is built while the tests above wait.
describe('of the same commit', () => {
  testWherePossible(
    'a second build, of new files in another folder, has the same bits',
    async () => {
      await again;
      expect(buildah.bits(AGAIN)).toEqual(buildah.bits(TAG));
      expect(buildah.bits(TAG)).toMatchObject({
        created: new Date(MADE * 1000).toISOString().replace('.000', ''),
      });
    },
    BUILD_TIMEOUT,
  );
});
