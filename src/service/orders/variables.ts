import { integer, text } from '#lastcall';

/** `variables.orders`. */
export const ordersVariables = {
  file: text('ORDERS_FILE', {
    meaning: 'File that keeps the orders, one a line; not set: they are gone with the process',
  }),
  maxQuantity: integer('ORDERS_MAX_QUANTITY', {
    default: '100',
    least: 1,
    meaning: 'Most pieces in one order, else 422',
  }),
};
