import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import grpc, { type MethodDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { own } from '../harness/own.ts';

/** OpenTelemetry's own, as in otlp-receiver.ts. */
const PROTO = fileURLToPath(new URL('otlp', import.meta.url));
const { 'opentelemetry.proto.collector.metrics.v1.MetricsService': SERVICE } = loadSync(
  'opentelemetry/proto/collector/metrics/v1/metrics_service.proto',
  { includeDirs: [PROTO], longs: Number, enums: String, oneofs: true, defaults: true },
);
const EXPORT = (SERVICE as unknown as { Export: MethodDefinition<Request, object> }).Export;

/** One export: each series as Prometheus writes it, `name{label="value"}`, with its value. */
export interface SentMetrics {
  series: Record<string, number>;
  /** Of each metric, by its name: `counter`, `gauge`, `histogram`. */
  types: Record<string, string>;
  resource: Record<string, unknown>;
}

export interface MetricsReceiver {
  /** For `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  url: string;
  /** In the order in which they came. */
  exports: SentMetrics[];
}

/** A collector of metrics, which takes nothing else. It ends with the test. */
export async function metricsReceiver(protocol: 'http/protobuf' | 'grpc'): Promise<MetricsReceiver> {
  const exports: SentMetrics[] = [];
  const take = (request: Request) => void exports.push(...request.resourceMetrics.map(sentOf));
  const url = await (protocol === 'grpc' ? listenForGrpc(take) : listen(take));
  return { url, exports };
}

async function listen(take: (request: Request) => void): Promise<string> {
  const answer = async (req: http.IncomingMessage, res: http.ServerResponse) => {
    const body = Buffer.concat(await req.toArray());
    const isOurs = `${req.url} ${req.headers['content-type']}` === '/v1/metrics application/x-protobuf';
    if (isOurs) take(EXPORT.requestDeserialize(body));
    res.writeHead(isOurs ? 200 : 404).end();
  };
  const server = http.createServer((req, res) => void answer(req, res));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  own(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function listenForGrpc(take: (request: Request) => void): Promise<string> {
  const server = new grpc.Server();
  server.addService(
    { Export: EXPORT },
    {
      Export: ({ request }: grpc.ServerUnaryCall<Request, object>, done: grpc.sendUnaryData<object>) => {
        take(request);
        done(null, {});
      },
    },
  );
  const credentials = grpc.ServerCredentials.createInsecure();
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', credentials, (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  own(() => server.forceShutdown());
  return `http://127.0.0.1:${port}`;
}

/** What @grpc/proto-loader makes of ExportMetricsServiceRequest. */
interface Request {
  resourceMetrics: {
    resource: { attributes: KeyValue[] };
    scopeMetrics: { metrics: Metric[] }[];
  }[];
}
interface KeyValue {
  key: string;
  value: { value: string; [kind: string]: unknown };
}
interface Metric {
  name: string;
  gauge?: { dataPoints: NumberPoint[] };
  sum?: { dataPoints: NumberPoint[]; isMonotonic: boolean; aggregationTemporality: string };
  histogram?: { dataPoints: HistogramPoint[]; aggregationTemporality: string };
}
interface Point {
  attributes: KeyValue[];
  startTimeUnixNano: number;
  timeUnixNano: number;
}
type NumberPoint = Point & { asDouble: number };
type HistogramPoint = Point & {
  count: number;
  sum: number;
  bucketCounts: number[];
  explicitBounds: number[];
};

const CUMULATIVE = 'AGGREGATION_TEMPORALITY_CUMULATIVE';

function sentOf({ resource, scopeMetrics }: Request['resourceMetrics'][number]): SentMetrics {
  const sent: SentMetrics = { series: {}, types: {}, resource: valuesOf(resource.attributes) };
  for (const { name, gauge, sum, histogram } of scopeMetrics.flatMap(({ metrics }) => metrics)) {
    if (name in sent.types) throw new Error(`${name} is there twice`);
    const temporality = (sum ?? histogram)?.aggregationTemporality ?? CUMULATIVE;
    if (temporality !== CUMULATIVE || sum?.isMonotonic === false) throw new Error(`${name}: ${temporality}`);
    sent.types[name] = gauge ? 'gauge' : sum ? 'counter' : 'histogram';
    for (const { attributes, asDouble } of (gauge ?? sum)?.dataPoints ?? []) {
      sent.series[seriesOf(name, valuesOf(attributes))] = asDouble;
    }
    for (const point of histogram?.dataPoints ?? [])
      Object.assign(sent.series, seriesOfHistogram(name, point));
  }
  return sent;
}

/** As Prometheus makes it of a histogram: every bucket has those below it, too. */
function seriesOfHistogram(name: string, point: HistogramPoint): Record<string, number> {
  const labels = valuesOf(point.attributes);
  const found: Record<string, number> = {};
  let below = 0;
  for (const [nth, count] of point.bucketCounts.entries()) {
    below += count;
    found[seriesOf(`${name}_bucket`, { ...labels, le: point.explicitBounds[nth] ?? '+Inf' })] = below;
  }
  found[seriesOf(`${name}_sum`, labels)] = point.sum;
  found[seriesOf(`${name}_count`, labels)] = point.count;
  return found;
}

/** The name of a series, with its labels in alphabetical order. */
export function seriesOf(name: string, labels: Record<string, unknown>): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${String(value)}"`);
  return pairs.length === 0 ? name : `${name}{${pairs.sort().join(',')}}`;
}

function valuesOf(attributes: KeyValue[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, value[value.value]]));
}
