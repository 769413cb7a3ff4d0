import { fileURLToPath } from 'node:url';
import { otherProgram } from './other-program.ts';
import { type Subject, withVariables } from './subject.ts';

interface Preset {
  description: string;
  apply: (subject: Subject) => Subject;
}

const NO_WINDOW = { SHUTDOWN_WINDOW: '0', SHUTDOWN_WINDOW_MAX: '0', SHUTDOWN_QUIET_PERIOD: '0' };
const PEERS = fileURLToPath(new URL('peers.mjs', import.meta.url));

/** Configurations to compare one's own with, by name. */
export const PRESETS: Record<string, Preset> = {
  'window-0': {
    description: 'the same without a window: the listener closes at SIGTERM',
    apply: ({ program, pod }) => ({ program: withVariables(program, NO_WINDOW), pod }),
  },
  express: {
    description: 'Express as it is: SIGTERM ends the process',
    apply: (subject) => peer(subject, 'express'),
  },
  'server-close': {
    description: 'Express with server.close() on SIGTERM, as most starters do it',
    apply: (subject) => peer(subject, 'server-close'),
  },
  terminus: {
    description: 'Express with @godaddy/terminus as its README shows it',
    apply: (subject) => peer(subject, 'terminus'),
  },
};

function peer({ pod, program }: Subject, name: string): Subject {
  const subject = otherProgram(
    `${JSON.stringify(process.execPath)} ${JSON.stringify(PEERS)} ${name}`,
    program.environment,
    {},
  );
  const { graceMs, preStopMs } = pod;
  return {
    program: { ...subject.program, title: PRESETS[name]?.description ?? name },
    pod: { ...subject.pod, graceMs, preStopMs },
  };
}
