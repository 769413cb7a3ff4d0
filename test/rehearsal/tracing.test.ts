import { expect, test } from '@jest/globals';
import { otlpReceiver } from '../support/otlp-receiver.ts';
import { planOf, rehearsed, service } from '../support/rehearsal-plan.ts';

const MINUTE = 60_000;

test(
  'in a rollout with tracing, nothing is lost, and the collector has a span of every request that a replica has answered',
  async () => {
    const collector = await otlpReceiver();

    const result = await rehearsed(
      planOf(service({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url }), { load: { slow: 0.05 } }),
    );

    expect(result.losses).toEqual([]);
    expect(result.agreement).toBe('agree');
    const gone = result.replicas.filter(({ report }) => report !== undefined);
    expect(gone.length).toBeGreaterThan(1);
    for (const { name, report } of gone) {
      const own = collector.spans.filter(({ resource }) => resource['service.instance.id'] === name);
      const answered = report?.listeners[0]?.requests.lifetime.answered ?? 0;
      const spans = own.filter(({ kind }) => kind === 'SERVER');
      expect(answered).toBeGreaterThan(20);
      expect({ name, spans: spans.length }).toEqual({ name, spans: answered });
      expect(own.filter((span) => span.name === 'shutdown')).toHaveLength(1);
    }
  },
  MINUTE,
);
