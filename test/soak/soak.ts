// `npm run soak`: the service under everything at once for a while, and whether it stays as it is.
import { parseArgs } from 'node:util';
import { type Soak, soak } from './run.ts';

const USAGE = `npm run soak -- [options]
  --minutes N   under load, 0.5 to 1440; 30 if it is not said`;
const [LEAST, MOST] = [0.5, 1440];

const minutes = readMinutes();
if (typeof minutes === 'string') {
  process.stderr.write(`${minutes}\n${USAGE}\n`);
  process.exit(64);
}
const result = await soak({ seconds: minutes * 60, say: (text) => process.stdout.write(`${text}\n`) });
process.stdout.write(`\n${told(result)}\n`);
process.exit(result.findings.length === 0 ? 0 : 1);

/** What was asked for, or why nobody can do that. */
function readMinutes(): number | string {
  try {
    const { values } = parseArgs({ options: { minutes: { type: 'string', default: '30' } } });
    const number = Number(values.minutes);
    return number >= LEAST && number <= MOST
      ? number
      : `--minutes: ${values.minutes} is not a number from ${LEAST} to ${MOST}`;
  } catch (error) {
    return (error as Error).message;
  }
}

function told({ slopes, findings, kinds }: Soak): string {
  const growth = Object.entries(slopes).map(([name, { perSecond, low, high, mean, seconds }]) => {
    const inAll = (slope: number) => Math.round(slope * seconds).toLocaleString('en');
    const average = Math.round(mean).toLocaleString('en').padStart(12);
    return `${name.padEnd(12)} ${average} on average, ${inAll(perSecond)} more in ${Math.round(seconds)} s (95 %: ${inAll(low)} to ${inAll(high)})`;
  });
  const visits = Object.entries(kinds).map(([kind, count]) => `${kind.padEnd(22)} ${count}`);
  return [
    ...visits,
    '',
    ...growth,
    '',
    ...(findings.length === 0 ? ['nothing grows, nothing is unexplained, the books balance'] : findings),
  ].join('\n');
}
