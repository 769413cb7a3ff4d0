import type { Router } from 'express';
import { WebSocketServer } from 'ws';
import { Problem } from '#lastcall';
import type { Parts } from '../variables.ts';

const MAX_BYTES = 64 * 1024;

/** `/chat`: a WebSocket on which everybody gets what anybody sends. */
export function chat(router: Router, { onUpgrade }: Parts): void {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_BYTES });
  // #region upgrade
  onUpgrade((req, socket, head) => {
    if (req.url !== '/chat') return false; // not ours: the next one is asked
    sockets.handleUpgrade(req, socket, head, (client) => {
      client.on('error', () => undefined); // ws closes it; without a listener, a bad frame would end the process
      client.on('message', (message, binary) => {
        for (const each of sockets.clients) each.send(message, { binary });
      });
      req.shutdown.onDrain(() => client.close(1001, 'going away'));
    });
    return true;
  });
  // #endregion upgrade

  router.all('/chat', (_req, res) => {
    res.set('Upgrade', 'websocket');
    throw new Problem(426, 'this is a WebSocket');
  });
}
