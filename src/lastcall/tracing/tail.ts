import { type SpanContext, SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import type { ReadableSpan, Span, SpanProcessor } from '@opentelemetry/sdk-trace';

/** Of one request: one that lasts may make calls without end. */
const MOST_CHILDREN = 100;

/** What a request has done so far, should it be worth keeping. */
interface Story {
  children: ReadableSpan[];
  ids: string[];
}

/**
 * Holds back what the sampler has not sampled until its request has ended, and then passes on what failed or was slow.
 * That is seen of this process alone: the callers and the called have been told that the trace is not sampled.
 */
export class Tail implements SpanProcessor {
  readonly #next: SpanProcessor;
  readonly #slowMs: number;
  /** By the id of each of their spans. */
  readonly #stories = new Map<string, Story>();

  constructor(next: SpanProcessor, slowMs: number) {
    this.#next = next;
    this.#slowMs = slowMs;
  }

  onStart(span: Span): void {
    const context = span.spanContext();
    if (isSampled(context)) return;
    const story = isLocalRoot(span) ? { children: [], ids: [] } : this.#storyOf(span);
    if (story === undefined || story.ids.length > MOST_CHILDREN) return;
    story.ids.push(context.spanId);
    this.#stories.set(context.spanId, story);
  }

  onEnd(span: ReadableSpan): void {
    const context = span.spanContext();
    if (isSampled(context)) {
      this.#next.onEnd(span);
      return;
    }
    const story = this.#stories.get(context.spanId);
    if (story === undefined) return;
    if (!isLocalRoot(span)) {
      story.children.push(span);
      return;
    }
    for (const id of story.ids) this.#stories.delete(id);
    const why = this.keeps(span);
    if (why === undefined) return;
    for (const child of story.children) this.#next.onEnd(sampled(child));
    this.#next.onEnd(sampled(span, { 'lastcall.kept': why }));
  }

  /** Why a request that was not sampled is kept, if it is. */
  keeps({ status, duration: [s, ns] }: ReadableSpan): 'failed' | 'slow' | undefined {
    if (status.code === SpanStatusCode.ERROR) return 'failed';
    return s * 1000 + ns / 1e6 >= this.#slowMs ? 'slow' : undefined;
  }

  async forceFlush(): Promise<void> {
    await this.#next.forceFlush();
  }

  async shutdown(): Promise<void> {
    await this.#next.shutdown();
  }

  #storyOf({ parentSpanContext }: Span): Story | undefined {
    return parentSpanContext && this.#stories.get(parentSpanContext.spanId);
  }
}

function isSampled({ traceFlags }: SpanContext): boolean {
  return (traceFlags & TraceFlags.SAMPLED) !== 0;
}

/** The first span of its trace in this process. */
function isLocalRoot({ parentSpanContext }: ReadableSpan): boolean {
  return parentSpanContext === undefined || parentSpanContext.isRemote === true;
}

/** As if it had been sampled: nothing else is exported. */
function sampled(span: ReadableSpan, more?: Record<string, string>): ReadableSpan {
  const context = { ...span.spanContext(), traceFlags: TraceFlags.SAMPLED };
  return Object.create(span, {
    spanContext: { value: () => context },
    ...(more && { attributes: { value: { ...span.attributes, ...more } } }),
  }) as ReadableSpan;
}
