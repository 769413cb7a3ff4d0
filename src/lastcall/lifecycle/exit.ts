/** What Node calls the requests that libuv has a thread wait for: files, and names that are looked up. */
const ON_A_THREAD = /^(?:FSReq|GetAddrInfoReq|GetNameInfoReq)/;
/** Enough for a thread that does not wait, but works: at a write to a file, say. */
const PATIENCE_MS = 100;
/** Nobody ever changes it: waiting for that is the one way to sleep while the process exits. */
const NEVER = new Int32Array(new SharedArrayBuffer(4));

/** Node 22.15 and 24 have it. */
type Process = typeof process & { execve?: (file: string, args: string[], env: NodeJS.ProcessEnv) => never };

/**
 * Ends the process. `process.exit` waits until the threads of libuv are done, for ever if need be: a name server that
 * does not answer or a disk that is gone would keep the process until it is killed. So where a thread is at work, the
 * process turns into a program that has this exit code and does nothing else. A Node that can't do that waits.
 */
export function exit(code: number): never {
  const { execve, execPath } = process as Process;
  if (execve !== undefined && process.getActiveResourcesInfo().some((name) => ON_A_THREAD.test(name))) {
    Atomics.wait(NEVER, 0, 0, PATIENCE_MS);
    process.emit('exit', code);
    try {
      execve(execPath, [execPath, '--eval', `process.exit(${code})`], {});
    } catch {
      // The permissions of Node may not allow it.
    }
  }
  return process.exit(code);
}
