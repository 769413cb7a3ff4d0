import { type Infer, literal, number, object, string, union } from '@badrap/valita';

export const SHIPPINGS = ['standard', 'express'] as const;

const sku = string().assert(
  (text) => /^[A-Z]+-\d+$/.test(text),
  'expected letters, a dash and digits, such as A-1',
);

/** What a client sends: `{ "sku": "A-1", "quantity": 2, "shipping": "express" }`. */
export function orderRequest(maxQuantity: number) {
  const inRange = (pieces: number) => Number.isInteger(pieces) && pieces >= 1 && pieces <= maxQuantity;
  const quantity = number().assert(inRange, `expected a whole number from 1 to ${maxQuantity}`);
  const shipping = union(...SHIPPINGS.map((choice) => literal(choice))).default('standard');
  return object({ sku, quantity, shipping }); // and nothing else
}

export type OrderRequest = Infer<ReturnType<typeof orderRequest>>;

/** What is kept and sent back. */
export interface Order extends OrderRequest {
  id: string;
  /** ISO 8601. */
  placedAt: string;
}
