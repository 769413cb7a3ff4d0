import { fileURLToPath } from 'node:url';
import type { Plan } from './plan.ts';
import { otherProgram, type Subject } from './programs.ts';

interface Preset {
  description: string;
  apply: (plan: Plan) => Subject;
}

const PEERS = fileURLToPath(new URL('peers.mjs', import.meta.url));

/** Configurations to compare one's own with, by name. */
export const PRESETS: Record<string, Preset> = {
  'window-0': {
    description: 'the same without a window: the listener closes at SIGTERM',
    apply: (plan) =>
      withVariables(plan, { SHUTDOWN_WINDOW: '0', SHUTDOWN_WINDOW_MAX: '0', SHUTDOWN_QUIET_PERIOD: '0' }),
  },
  express: {
    description: 'Express as it is: SIGTERM ends the process',
    apply: (plan) => peer(plan, 'express'),
  },
  'server-close': {
    description: 'Express with server.close() on SIGTERM, as most starters do it',
    apply: (plan) => peer(plan, 'server-close'),
  },
  terminus: {
    description: 'Express with @godaddy/terminus as its README shows it',
    apply: (plan) => peer(plan, 'terminus'),
  },
};

function withVariables({ program, pod }: Plan, variables: Record<string, string>): Subject {
  return {
    program: {
      ...program,
      environment: { ...program.environment, ...variables },
      chosen: { ...program.chosen, ...variables },
    },
    pod,
  };
}

function peer({ pod, program }: Plan, name: string): Subject {
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
