import type { Plan } from '../plan.ts';
import { hidden } from './hidden.ts';
import type { Settings } from './result.ts';

/** All of a plan that decides what a rehearsal sees; what looks like a secret is hidden. */
export function settingsOf({ program, pod, deployment, network, load, ...plan }: Plan): Settings {
  const { rate, clients, fresh, slow, post, headers = {}, ...others } = load;
  return {
    arguments: hidden.inArguments(plan.arguments),
    command: program.command.map(hidden.inText),
    ports: program.ports,
    ...deployment,
    rate,
    clients,
    shares: { fresh, slow, post },
    headers: hidden.values(headers),
    ...others,
    ...network,
    ...pod,
    stallMs: plan.stallMs,
    environment: hidden.values(program.chosen),
    seed: plan.seed,
    ...(plan.own && { steps: plan.own.steps }),
  };
}
