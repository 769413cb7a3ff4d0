/** Clients without anything in the queue that are remembered, because remembering them anew costs more. */
const MOST_IDLE = 1000;

/** Clients take turns; what one client has asked for is in the order in which it came. */
export class FairQueue<T> {
  /** Of each client, also of some that have nothing here. */
  readonly #byClient = new Map<string, T[]>();
  /** Those that have, the one whose turn it is first. */
  readonly #turns: T[][] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(client: string, item: T): void {
    let own = this.#byClient.get(client);
    if (own === undefined) {
      if (this.#size === 0 && this.#byClient.size >= MOST_IDLE) this.#byClient.clear();
      own = [];
      this.#byClient.set(client, own);
    }
    if (own.push(item) === 1) this.#turns.push(own);
    this.#size++;
  }

  /** What {@link shift} would take. */
  get first(): T | undefined {
    return this.#turns[0]?.[0];
  }

  /** Takes the first of the client whose turn it is, who then is the last in turn. */
  shift(): T | undefined {
    const own = this.#turns.shift();
    if (own === undefined) return undefined;
    const item = own.shift();
    if (own.length > 0) this.#turns.push(own);
    this.#size--;
    return item;
  }
}
