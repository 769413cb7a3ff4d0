import type { IncomingHttpHeaders } from 'node:http';
import type { Replica } from '../cluster/replica.ts';
import type { LoadPlan } from '../plan.ts';
import type { Cause, Kind } from './ledger.ts';

/** A whole answer. */
export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  /** Undefined: too long to be kept. */
  body: Buffer | undefined;
  replica: Replica | undefined;
}

/** What was asked for. */
export interface Asked {
  kind: Kind;
  /** In the header that names it. */
  id: string;
  body?: string;
}

/** Why a whole answer is lost all the same. */
export interface Flaw {
  cause: Extract<Cause, 'status' | 'body'>;
  detail: string;
}

/** So often in a row, it is no coincidence. */
const ENOUGH = 10;
/** Sent to be brought back, by those that do so. */
const USUAL_ID_HEADER = 'X-Request-Id';

/** Something that has been so every time; what has an exception among the first few is no rule. */
class Habit {
  #times = 0;
  #isNone = false;

  /** Whether this is the exception of a rule. */
  isBrokenBy(exception: boolean): boolean {
    if (!exception) this.#times++;
    else if (this.#times < ENOUGH) this.#isNone = true;
    return exception && !this.#isNone;
  }

  /** It was no rule after all. */
  end(): void {
    this.#isNone = true;
  }
}

/**
 * What is wrong with whole answers: another status than expected, or a body that is damaged or belongs to another
 * request. Some of it is learned: a program whose answers were the same ten times, that sent back every body it got or
 * every id, is expected to go on like this. What only differs is never called damage.
 */
export class Judge {
  /** The name of the header that names a request. */
  readonly idHeader: string;
  readonly #plan: LoadPlan;
  readonly #ids = new Habit();
  readonly #echoes = new Habit();
  /** By replica and kind of request. */
  readonly #texts = new Map<string, { usual: Buffer; habit: Habit }>();

  constructor(plan: LoadPlan) {
    this.#plan = plan;
    this.idHeader = plan.idHeader ?? USUAL_ID_HEADER;
  }

  /** @returns the flaw, `unlike` for a body that only differs from all before, undefined for a right answer */
  of(asked: Asked, answer: Answer): Flaw | 'unlike' | undefined {
    const { expectStatus, expectBody } = asked.kind === 'get' ? this.#plan : {};
    const { status, body } = answer;
    if (expectStatus === undefined ? status >= 400 : status !== expectStatus)
      return { cause: 'status', detail: `status ${status}` };
    const damage =
      this.#wrongId(asked, answer) ??
      (body === undefined ? undefined : this.#wrongEcho(asked, body)) ??
      (body === undefined || expectBody === undefined || body.includes(expectBody)
        ? undefined
        : 'without the expected text') ??
      (body === undefined ? undefined : this.#wrongText(asked, body, answer.replica));
    return damage === undefined || damage === 'unlike' ? damage : { cause: 'body', detail: damage };
  }

  #wrongId({ id }: Asked, { headers }: Answer): string | undefined {
    const back = headers[this.idHeader.toLowerCase()];
    if (this.#plan.idHeader !== undefined && back === undefined) return 'without the id of its request';
    const isOther = back !== undefined && back !== id;
    const isWrong =
      this.#plan.idHeader === undefined ? back !== undefined && this.#ids.isBrokenBy(isOther) : isOther;
    return isWrong ? 'of another request' : undefined;
  }

  /** The answer to a body that is not that body, from a program that has always sent it back. */
  #wrongEcho({ body: sent }: Asked, body: Buffer): string | undefined {
    if (sent === undefined) return undefined;
    const text = body.toString();
    if (!this.#echoes.isBrokenBy(!isSameJson(text, sent))) return undefined;
    return (
      damageOf(body, Buffer.from(sent)) ??
      (normalJson(text) === undefined ? 'cut short' : 'of another request')
    );
  }

  /** A text that is part of what this replica always answered to such a request, or twice that, or only another one. */
  #wrongText({ kind }: Asked, body: Buffer, replica: Replica | undefined): string | undefined {
    if (replica === undefined) return undefined;
    const key = `${replica.name} ${kind}`;
    const known = this.#texts.get(key);
    if (known === undefined) {
      this.#texts.set(key, { usual: body, habit: new Habit() });
      return undefined;
    }
    const { usual, habit } = known;
    if (!habit.isBrokenBy(!body.equals(usual))) return undefined;
    const damage = damageOf(body, usual);
    if (damage !== undefined) return damage;
    if (replica.sigtermAtMs !== undefined) return 'unlike';
    habit.end();
    return undefined;
  }
}

function damageOf(body: Buffer, whole: Buffer): string | undefined {
  if (body.length < whole.length && whole.subarray(0, body.length).equals(body)) return 'cut short';
  return body.equals(Buffer.concat([whole, whole])) ? 'doubled' : undefined;
}

const isSameJson = (text: string, other: string) =>
  text === other || (normalJson(text) ?? text) === (normalJson(other) ?? other);

function normalJson(text: string): string | undefined {
  try {
    return JSON.stringify(JSON.parse(text));
  } catch {
    return undefined;
  }
}
