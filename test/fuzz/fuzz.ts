// `npm run fuzz`: what clients might send, until something is wrong or the time is over.
import { parseArgs } from 'node:util';
import { fuzz } from './campaign.ts';

const USAGE = `npm run fuzz -- [options]
  --seconds N   600 if it is not said
  --seed N      that of a campaign, to play it again
  --path P      to the conversation that has failed in it`;

const options = readOptions();
if (typeof options === 'string') {
  process.stderr.write(`${options}\n${USAGE}\n`);
  process.exit(64);
}
const { seed, conversations, findings } = await fuzz(options);
const verdict = findings.length === 0 ? ['nothing is wrong'] : findings;
process.stdout.write(`seed ${seed}: ${conversations} conversations\n${verdict.join('\n')}\n`);
process.exit(findings.length === 0 ? 0 : 1);

/** What was asked for, or why nobody can do that. */
function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        seconds: { type: 'string', default: '600' },
        seed: { type: 'string' },
        path: { type: 'string' },
      },
    });
    const seconds = Number(values.seconds);
    const seed = values.seed === undefined ? undefined : Number(values.seed);
    if (!(seconds > 0)) return `--seconds: ${values.seconds} is no time`;
    if (seed !== undefined && !Number.isInteger(seed)) return `--seed: ${values.seed} is no whole number`;
    return { seconds, seed, path: values.path };
  } catch (error) {
    return (error as Error).message;
  }
}
