import { createNoopMeter, type MeterProvider } from '@opentelemetry/api';
import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import type { ReadableSpan, SpanExporter, SpanProcessor } from '@opentelemetry/sdk-trace';
import type { Logger } from 'pino';
import { messageOf } from '../lifecycle/errors.ts';
import type { MetricFactory } from '../telemetry/metric-factory.ts';
import { Outage } from './outage.ts';

const RESULTS = ['delivered', 'failed', 'dropped'] as const;

/** What became of spans: counted, and told when it changes. */
export class Delivery implements SpanExporter {
  /** Spans that the collector did not take. */
  failed = 0;
  /** Why, for the last of them. */
  reason = '';
  readonly #exporter: SpanExporter;
  readonly #outage: Outage;
  readonly #count: (result: (typeof RESULTS)[number], spans: number) => void;

  constructor(exporter: SpanExporter, logger: Logger, metrics: MetricFactory) {
    this.#exporter = exporter;
    this.#outage = new Outage('traces', logger);
    const counter = metrics.counter(
      'tracing_spans_total',
      'Spans for the collector, by what became of them.',
      ['result'],
    );
    for (const result of RESULTS) counter.inc({ result }, 0);
    this.#count = (result, spans) => counter.inc({ result }, spans);
  }

  /** For the SDK's queue, which tells in a metric alone what it had no room for. */
  get meterProvider(): MeterProvider {
    const add = (spans: number, attributes?: Record<string, unknown>) => {
      if (attributes?.['error.type'] === 'queue_full') this.#count('dropped', spans);
    };
    return { getMeter: () => Object.assign(createNoopMeter(), { createCounter: () => ({ add }) }) };
  }

  export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    this.#exporter.export(spans, (result) => {
      const delivered = result.code === ExportResultCode.SUCCESS;
      this.#count(delivered ? 'delivered' : 'failed', spans.length);
      if (!delivered) {
        this.failed += spans.length;
        this.reason = messageOf(result.error ?? 'no reason is known');
      }
      this.#outage.tell(delivered ? undefined : this.reason);
      done(result);
    });
  }

  /** Resolves when nothing is on its way any more. */
  async forceFlush(): Promise<void> {
    await this.#exporter.forceFlush?.();
  }

  async shutdown(): Promise<void> {
    await this.#exporter.shutdown();
  }
}

/** @throws Error if something was not delivered */
export async function flushSpans(batches: SpanProcessor, delivery: Delivery): Promise<void> {
  const before = delivery.failed;
  // It rejects at the first batch that fails, and does not wait for one that was on its way already.
  await batches.forceFlush().catch(() => undefined);
  await delivery.forceFlush();
  const lost = delivery.failed - before;
  if (lost > 0) throw new Error(`${lost} spans were not delivered: ${delivery.reason}`);
}
