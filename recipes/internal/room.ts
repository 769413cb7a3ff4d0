import { port, type Room } from '#lastcall';

const SCHEMA = {
  port: port('INTERNAL_PORT', { required: true, meaning: 'Listener of what only other services may ask' }),
};

/** One more listener of the application. */
export const internalRoom: Room<typeof SCHEMA> = {
  name: 'internal',
  schema: SCHEMA,
  // They must differ, which is checked for all of them.
  ports: ({ port }, { http }) => [{ name: 'INTERNAL_PORT', port, host: http.host }],
  open: ({ port }, { listen }) => void listen({ name: 'internal', port }),
};
