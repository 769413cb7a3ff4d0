import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import type { Ground } from '../room.ts';
import type { Tracing } from '../telemetry/tracing.ts';
import { Delivery, flushSpans } from './delivery.ts';
import { exporterFor } from './exporter.ts';
import { traceFetch } from './fetch-spans.ts';
import { flushAtTheEnd } from './flush.ts';
import { addSpanTo } from './log-fields.ts';
import { resourceOf } from './resource.ts';
import { samplerFor } from './sampler.ts';
import { ServerSpans } from './server-spans.ts';
import { Tail } from './tail.ts';
import type { Values } from './variables.ts';
import { WindDown } from './wind-down.ts';

/** Of attributes, in characters: clients may write 16 kB into a query, and thousands of spans may wait. */
const LONGEST_VALUE = 4096;

/** Starts the SDK, for this process and all that is in it. Only where tracing is on is this file loaded. */
export async function startTracing(values: Values, ground: Ground): Promise<Tracing> {
  const { config, lifecycle, logger, metrics } = ground;
  const delivery = new Delivery(await exporterFor(values), logger, metrics);
  const batches = new BatchSpanProcessor({
    exporter: delivery,
    selfObsMeterProvider: delivery.meterProvider,
  });
  const tail = values.slowMs === Infinity ? undefined : new Tail(batches, values.slowMs);
  const provider = new TracerProvider({
    resource: resourceOf(values, config.service),
    sampler: samplerFor(values),
    spanProcessors: [tail ?? batches],
    spanLimits: { attributeValueLengthLimit: LONGEST_VALUE },
  });
  trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager());
  propagation.setGlobalPropagator(propagatorOf(values));
  traceFetch();
  addSpanTo(logger);
  const tracer = provider.getTracer('lastcall');
  const windDown = new WindDown(tracer, lifecycle);
  flushAtTheEnd(ground, {
    name: 'tracing',
    what: 'the last spans',
    flush: () => flushSpans(batches, delivery),
    onReport: (report) => windDown.end(report),
  });
  return new ServerSpans(tracer, ground, tail);
}

function propagatorOf({ propagators }: Values): CompositePropagator {
  return new CompositePropagator({
    propagators: [
      ...(propagators.includes('tracecontext') ? [new W3CTraceContextPropagator()] : []),
      ...(propagators.includes('baggage') ? [new W3CBaggagePropagator()] : []),
    ],
  });
}
