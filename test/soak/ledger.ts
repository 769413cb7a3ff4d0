// What the clients of a soak have counted: to be compared with what the service says at its end.

export interface Counted {
  answered: number;
  /** Given up by the client when the answer had begun. */
  aborted: number;
  /** WebSockets. */
  upgraded: number;
}

export class Ledger {
  /** Answers that came from behind the gateway. */
  proxied = 0;
  /** By listener. */
  readonly counted: Record<string, Counted> = {};
  /** Answers by kind of client. */
  readonly kinds: Record<string, number> = {};
  /** What nobody has asked for: how often, and what was said the first time. */
  readonly unexplained = new Map<string, { times: number; first: string }>();

  count(listener: string, kind: string, outcome: keyof Counted): void {
    this.counted[listener] ??= { answered: 0, aborted: 0, upgraded: 0 };
    this.counted[listener][outcome]++;
    this.kinds[kind] = (this.kinds[kind] ?? 0) + 1;
  }

  wrong(kind: string, what: string, details = ''): void {
    const text = `${kind}: ${what}`;
    const { times, first } = this.unexplained.get(text) ?? { times: 0, first: details };
    this.unexplained.set(text, { times: times + 1, first });
  }
}
