import { setImmediate as nextTurn } from 'node:timers/promises';
import { Registry } from 'prom-client';
import type { MetricRegistry } from './metric-factory.ts';
import { wantsOpenMetrics } from './openmetrics.ts';

/** The metrics as text, in the format that the `Accept` header asks for. */
export type Expose = (accept?: string) => Promise<{ contentType: string; body: string }>;

/** What a metric of prom-client is when it is read. */
interface Reading {
  name: string;
  type: string;
  values: object[];
}

/** What prom-client's metrics and registries can do beside what its types say. */
interface Readable {
  name: string;
  get(): Promise<Reading>;
  /** Quicker than `get`: labels that the values of a histogram share stay apart. */
  getForPromString?(): Promise<Reading>;
}
interface Writer {
  contentType: string;
  getMetricsAsString(metric: Readable): Promise<string>;
}

/** So many series are written between two turns of the event loop: 0.3 ms, and 1 before the code is compiled. */
const SLICE = 250;
/** HELP and TYPE. */
const HEAD = /^.*\n.*/;

export function openMetricsRegistry(): MetricRegistry {
  const registry: MetricRegistry = new Registry();
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  return registry;
}

/**
 * Writes the metrics of a registry as OpenMetrics or in the classic format. All are read at once and written slice by
 * slice, so that requests wait for none of it, however many series there are.
 *
 * An application that lets prom-client write its registry takes `_total` off the names of the counters for good, and the
 * classic format wants it. So names are those that metrics had when they were first seen.
 */
export function exposition(registry: MetricRegistry): Expose {
  const names = new Map<Readable, string>();
  const classic = new Registry();
  const nameOf = (metric: Readable) => {
    const name = names.get(metric) ?? metric.name;
    names.set(metric, name);
    return name;
  };
  return async (accept) => {
    const isOpenMetrics = wantsOpenMetrics(accept);
    const writer = (isOpenMetrics ? registry : classic) as unknown as Writer;
    const metrics = registry.getMetricsAsArray() as unknown as Readable[];
    const readings = await Promise.all(metrics.map(async (metric) => read(metric, nameOf(metric))));
    const texts: string[] = [];
    let left = SLICE;
    for (const reading of readings) {
      let text = '';
      for (const slice of slicesOf(reading)) {
        if (left < slice.values.length) {
          await nextTurn();
          left = SLICE;
        }
        left -= slice.values.length;
        const written = await write(writer, slice);
        text += text === '' ? written : written.replace(HEAD, '');
      }
      texts.push(text);
    }
    const body = isOpenMetrics ? `${texts.join('\n')}\n# EOF\n` : `${texts.join('\n\n')}\n`;
    return { contentType: writer.contentType, body };
  };
}

/** Values are copied: a counter may go on before they are written. */
async function read(metric: Readable, name: string): Promise<Reading> {
  const reading = await (metric.getForPromString?.() ?? metric.get());
  return { ...reading, name, values: reading.values.map((value) => ({ ...value })) };
}

function* slicesOf(reading: Reading): Generator<Reading> {
  let at = 0;
  do {
    yield { ...reading, values: reading.values.slice(at, at + SLICE) };
    at += SLICE;
  } while (at < reading.values.length);
}

async function write(writer: Writer, reading: Reading): Promise<string> {
  const isCounter = writer.contentType === Registry.OPENMETRICS_CONTENT_TYPE && reading.type === 'counter';
  const name = isCounter ? reading.name.replace(/_total$/, '') : reading.name; // which the series get again
  return writer.getMetricsAsString({ name, get: async () => ({ ...reading, name }) });
}
