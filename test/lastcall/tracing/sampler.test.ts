import { ROOT_CONTEXT, SpanKind, trace, TraceFlags } from '@opentelemetry/api';
import { SamplingDecision } from '@opentelemetry/sdk-trace';
import { expect, test } from '@jest/globals';
import { always, samplerFor } from '../../../src/lastcall/tracing/sampler.ts';
import type { Values } from '../../../src/lastcall/tracing/variables.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const { NOT_RECORD, RECORD, RECORD_AND_SAMPLED } = SamplingDecision;

const calledBy = (traceFlags: TraceFlags) =>
  trace.setSpanContext(ROOT_CONTEXT, {
    traceId: TRACE,
    spanId: '00f067aa0ba902b7',
    traceFlags,
    isRemote: true,
  });
const CALLERS = [ROOT_CONTEXT, calledBy(TraceFlags.SAMPLED), calledBy(TraceFlags.NONE)];

function decisions(values: Pick<Values, 'sampler' | 'samplerArg' | 'slowMs'>, contexts = CALLERS) {
  const sampler = samplerFor(values as Values);
  return contexts.map(
    (context) => sampler.shouldSample(context, TRACE, 'GET', SpanKind.SERVER, {}, []).decision,
  );
}

const [yes, no] = [RECORD_AND_SAMPLED, NOT_RECORD];

test.each([
  ['always_on', 1, [yes, yes, yes]],
  ['always_off', 1, [no, no, no]],
  ['traceidratio', 0, [no, no, no]],
  ['traceidratio', 1, [yes, yes, yes]],
  ['parentbased_always_on', 1, [yes, yes, no]],
  ['parentbased_always_off', 1, [no, yes, no]],
  ['parentbased_traceidratio', 0, [no, yes, no]],
  ['parentbased_traceidratio', 1, [yes, yes, no]],
] as const)(
  '%s of %d: without a caller, of one who samples, of one who does not',
  (sampler, samplerArg, expected) => {
    expect(decisions({ sampler, samplerArg, slowMs: Infinity })).toEqual(expected);
  },
);

test('what is not sampled is recorded, where some of it may be kept', () => {
  expect(decisions({ sampler: 'always_off', samplerArg: 1, slowMs: 1000 })).toEqual([RECORD, RECORD, RECORD]);
});

test('what happens once in a life is sampled, whatever the sampler says', () => {
  const settings = { sampler: 'always_off', samplerArg: 1, slowMs: Infinity } as const;

  expect(decisions(settings, CALLERS.map(always))).toEqual([yes, yes, yes]);
});
