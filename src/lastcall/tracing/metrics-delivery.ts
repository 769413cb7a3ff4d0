import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import type { PushMetricExporter, ResourceMetrics } from '@opentelemetry/sdk-metrics';
import type { Logger } from 'pino';
import { messageOf } from '../lifecycle/errors.ts';
import type { MetricsExporter } from './metrics-exporter.ts';
import { Outage } from './outage.ts';

/** What became of the metrics: what was not delivered comes again with the next, as long as there is one. */
export class MetricsDelivery implements PushMetricExporter {
  /** Why the last of them were not delivered, if they were not. */
  failure: string | undefined;
  readonly #exporter: MetricsExporter;
  readonly #outage: Outage;

  constructor(exporter: MetricsExporter, logger: Logger) {
    this.#exporter = exporter;
    this.#outage = new Outage('metrics', logger);
  }

  export(metrics: ResourceMetrics, done: (result: ExportResult) => void): void {
    this.#exporter.export(metrics, (result) => {
      const { code, error = 'no reason is known' } = result;
      this.failure = code === ExportResultCode.SUCCESS ? undefined : messageOf(error);
      this.#outage.tell(this.failure);
      done(result);
    });
  }

  async forceFlush(): Promise<void> {
    await this.#exporter.forceFlush();
  }

  async shutdown(): Promise<void> {
    await this.#exporter.shutdown();
  }
}
