// The price of tracing: the same service with and without it, by the part of its traces that is sampled. The collector takes
// whatever comes, on the core of the load.
import { service, withEnv } from '../contestants.ts';
import type { Context, Measure } from '../measure.ts';
import type { Counts, Row } from '../results.ts';
import type { Server } from '../server.ts';
import { start } from './start.ts';
import { throughput } from './throughput.ts';

/** By the part that is sampled; what fails or is slow is kept of the rest, or it is not. */
const TRACED = [
  traced(0, 'none'),
  ...[0, 0.01, 1].map((ratio) => traced(ratio, '1s')), // as it is by default
];
const CONTESTANTS = [service, ...TRACED];
const DELIVERED = /^tracing_spans_total\{result="delivered"\} (\d+)/m;

const rate = throughput({
  name: 'tracing',
  title: 'GET, small JSON',
  contestants: CONTESTANTS,
  request: ({ paths }) => ({ path: paths.get, status: 200 }),
});
const delivery: Row = {
  name: 'tracing-delivered',
  title: 'spans that the collector got for each request, when more come than can be answered',
  formula: { of: 'spans', per: 'answers' },
  unit: 'spans',
  better: 'more',
  shown: 'value',
  aside: true,
};

/** Without a goal: what it costs is to be known, and whoever wants it pays. */
export const tracing: Measure[] = [
  toUntraced({ ...counting(rate), rows: [...rate.rows, delivery] }),
  toUntraced(start(CONTESTANTS)),
];

function traced(ratio: number, slow: string) {
  const sampler = { OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: String(ratio) };
  return {
    ...withEnv(service, { ...sampler, TRACING_SLOW_REQUESTS: slow }),
    name: `traced-${ratio}-${slow}`,
    title: `${ratio * 100} % sampled${slow === 'none' ? ', nothing else kept' : ''}`,
  };
}

function toUntraced(measure: Measure): Measure {
  const rows = measure.rows.map(({ goal: _none, ...row }): Row => {
    const name = row.name.startsWith('tracing') ? row.name : `tracing-${row.name}`;
    return { ...row, name, aside: row.aside === true && !name.endsWith('-cpu') };
  });
  const { name } = measure;
  return {
    ...measure,
    name: name === 'tracing' ? name : `tracing-${name}`,
    group: 'tracing',
    family: 'tracing',
    baseline: service.name,
    rows,
    prepare: async (contestant, context) => measure.prepare(contestant, exporting(context)),
  };
}

/** Whoever is started there exports to the collector, but the service that is measured without. */
function exporting(context: Context): Context {
  const endpoint = `http://127.0.0.1:${context.target.collector}`;
  return {
    ...context,
    start: async (contestant, { env, ...options } = {}) => {
      const more = contestant === service ? {} : { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint };
      return context.start(contestant, { ...options, env: { ...env, ...more } });
    },
  };
}

/** Counts the spans, too. */
function counting(measure: Measure): Measure {
  return {
    ...measure,
    prepare: async (contestant, context) => {
      let server: Server | undefined;
      const start: Context['start'] = async (...args) => (server = await context.start(...args));
      const take = await measure.prepare(contestant, { ...context, start });
      return async (): Promise<Counts> => {
        const before = await spansOf(server);
        const counts = await take();
        return { ...counts, spans: (await spansOf(server)) - before };
      };
    },
  };
}

async function spansOf(server: Server | undefined): Promise<number> {
  const [, spans = '0'] = DELIVERED.exec((await server?.operate('/metrics')) ?? '') ?? [];
  return Number(spans);
}
