import type { AppParts, Room } from '#lastcall';
import { gatewayRoom } from '#lastcall/gateway';
import { tls } from '#lastcall/tls';
import { tracing } from '#lastcall/tracing';
import { ordersVariables } from './orders/variables.ts';

/** The parts of the engine that this service uses and could do without: docs/taking-out.md. */
export const rooms: Room[] = [
  tls, // HTTPS
  gatewayRoom, // paths that other services answer
  tracing, // spans of requests, for a collector
];

// #region variables
/** The variables of this service, beside those of the engine: docs/configuration.md. */
export const variables = { orders: ordersVariables };
// #endregion variables

/** What the engine's variables are by default, where this service wants something else than docs/configuration.md. */
export const defaults = { PORT: '8080', MANAGEMENT_PORT: '8081' };

/** What features get. */
export type Parts = AppParts<typeof variables>;
