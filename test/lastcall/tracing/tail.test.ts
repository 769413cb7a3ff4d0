import { type Context, ROOT_CONTEXT, SpanStatusCode, trace } from '@opentelemetry/api';
import {
  AlwaysOffSampler,
  createAlwaysRecordSampler,
  InMemorySpanExporter,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { expect, test } from '@jest/globals';
import { Tail } from '../../../src/lastcall/tracing/tail.ts';

const SLOW_MS = 1000;

/** Everything is recorded, nothing is sampled. */
function setUp() {
  const exporter = new InMemorySpanExporter();
  const tail = new Tail(new SimpleSpanProcessor({ exporter }), SLOW_MS);
  const tracer = new TracerProvider({
    sampler: createAlwaysRecordSampler(new AlwaysOffSampler()),
    spanProcessors: [tail],
  }).getTracer('test');
  const start = (name: string, around: Context = ROOT_CONTEXT) => {
    const span = tracer.startSpan(name, { startTime: 1_000_000 }, around);
    return { span, inside: trace.setSpan(around, span) };
  };
  const delivered = () => exporter.getFinishedSpans().map(({ name }) => name);
  return { start, delivered, exporter };
}

const FAILED = { code: SpanStatusCode.ERROR };

test('what failed is kept whole, with what it asked of others', () => {
  const { start, delivered, exporter } = setUp();
  const request = start('request');
  const call = start('call', request.inside);
  start('deeper', call.inside).span.end(1_000_010);
  call.span.end(1_000_020);
  expect(delivered()).toEqual([]);
  request.span.setStatus(FAILED).end(1_000_030);

  expect(delivered()).toEqual(['deeper', 'call', 'request']);
  expect(exporter.getFinishedSpans().at(-1)?.attributes).toEqual({ 'lastcall.kept': 'failed' });
});

test('what was slow is kept, and what was not is not', () => {
  const { start, delivered } = setUp();
  start('quick').span.end(1_000_000 + SLOW_MS - 1);
  start('slow').span.end(1_000_000 + SLOW_MS);

  expect(delivered()).toEqual(['slow']);
});

test('a request is not kept because one of its calls failed', () => {
  const { start, delivered } = setUp();
  const request = start('request');
  start('call', request.inside).span.setStatus(FAILED).end(1_000_001);
  request.span.end(1_000_002);

  expect(delivered()).toEqual([]);
});

test('two requests of one trace have nothing to do with each other', () => {
  const { start, delivered } = setUp();
  const remote = trace.setSpanContext(ROOT_CONTEXT, {
    traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
    spanId: '00f067aa0ba902b7',
    traceFlags: 0,
    isRemote: true,
  });
  const [fine, bad] = [start('fine', remote), start('bad', remote)];
  start('call of fine', fine.inside).span.end(1_000_001);
  start('call of bad', bad.inside).span.end(1_000_001);
  fine.span.end(1_000_002);
  bad.span.setStatus(FAILED).end(1_000_002);

  expect(delivered()).toEqual(['call of bad', 'bad']);
});

test("what begins when its request is over is nobody's, and is not remembered", () => {
  const { start, delivered } = setUp();
  const request = start('request');
  request.span.setStatus(FAILED).end(1_000_001);
  start('afterwards', request.inside).span.end(1_000_002);

  expect(delivered()).toEqual(['request']);
});

test('of a request that asks without end, the first hundred are kept', () => {
  const { start, delivered } = setUp();
  const request = start('request');
  for (let nth = 0; nth < 200; nth++) start('call', request.inside).span.end(1_000_001);
  request.span.setStatus(FAILED).end(1_000_002);

  expect(delivered()).toHaveLength(101);
});
