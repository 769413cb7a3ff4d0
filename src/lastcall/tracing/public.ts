export { tracing } from './room.ts';
