import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { access, type FileHandle, open } from 'node:fs/promises';
import type { Order, OrderRequest } from './order.ts';

/** The orders, in memory and (if there is one) in a file with a line of JSON for each. */
export class OrderStore {
  readonly #orders = new Map<string, Order>();
  readonly #path: string | undefined;
  #file: FileHandle | undefined;

  constructor(path: string | undefined) {
    this.#path = path;
  }

  /** @throws Error if the file can't be opened, or has a line that is no JSON */
  async open(): Promise<void> {
    if (this.#path === undefined) return;
    this.#file = await open(this.#path, 'a+'); // whatever is written goes to the end
    const lines = (await this.#file.readFile('utf8')).split('\n').filter((line) => line !== '');
    for (const [index, line] of lines.entries()) {
      const order = parse(line, `${this.#path}:${index + 1}`);
      this.#orders.set(order.id, order);
    }
  }

  async close(): Promise<void> {
    await this.#file?.close();
  }

  /** @throws Error if the file is gone: what is written to it now, the next process would not find */
  async check(): Promise<void> {
    if (this.#path !== undefined) await access(this.#path, constants.W_OK);
  }

  async place(request: OrderRequest): Promise<Order> {
    const order = { id: randomUUID(), placedAt: new Date().toISOString(), ...request };
    await this.#file?.appendFile(`${JSON.stringify(order)}\n`);
    this.#orders.set(order.id, order);
    return order;
  }

  find(id: string): Order | undefined {
    return this.#orders.get(id);
  }
}

function parse(line: string, where: string): Order {
  try {
    return JSON.parse(line) as Order;
  } catch (error) {
    throw new Error(`${where} is no order`, { cause: error });
  }
}
