import { type Context, createContextKey } from '@opentelemetry/api';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  createAlwaysRecordSampler,
  ParentBasedSampler,
  type Sampler,
  SamplingDecision,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace';
import type { Values } from './variables.ts';

const ALWAYS = createContextKey('sampled whatever the sampler says');

/** For what happens once in the life of a process. */
export function always(context: Context): Context {
  return context.setValue(ALWAYS, true);
}

/** As the variables say; what it does not sample is recorded all the same, where some of that may be kept. */
export function samplerFor({ sampler, samplerArg, slowMs }: Values): Sampler {
  const rule = sampler.replace('parentbased_', '');
  const root =
    rule === 'always_off'
      ? new AlwaysOffSampler()
      : rule === 'traceidratio'
        ? new TraceIdRatioBasedSampler(samplerArg)
        : new AlwaysOnSampler();
  const asked = rule === sampler ? root : new ParentBasedSampler({ root });
  return exceptAlways(slowMs === Infinity ? asked : createAlwaysRecordSampler(asked));
}

function exceptAlways(sampler: Sampler): Sampler {
  return {
    shouldSample: (context, ...rest) =>
      context.getValue(ALWAYS) === true
        ? { decision: SamplingDecision.RECORD_AND_SAMPLED }
        : sampler.shouldSample(context, ...rest),
    toString: () => sampler.toString(),
  };
}
