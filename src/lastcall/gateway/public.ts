export { gateway } from './gateway.ts';
export { gatewayRoom } from './room.ts';
