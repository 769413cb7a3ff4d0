import type { Express } from 'express';
import { expressApp, notFound, problemHandler, requestLog, securityHeaders } from '#lastcall';
import { gateway } from '#lastcall/gateway';
import { chat } from './chat/chat.ts';
import { echo } from './echo/echo.ts';
import { events } from './events/events.ts';
import { home } from './home/home.ts';
import { orders } from './orders/orders.ts';
import { slow } from './slow/slow.ts';
import type { Parts } from './variables.ts';

// #region features
/** The features of this service: each is one folder, a function that adds its routes. */
const FEATURES = [home, echo, slow, events, chat, orders];
// #endregion features

/** The Express app, in the order in which a request passes through it. */
export function createApp(parts: Parts): Express {
  const { config, logger } = parts;
  const app = expressApp(config);
  app.use(requestLog(logger));
  app.use(securityHeaders()); // before the parsers, so that their refusals carry its headers too
  for (const feature of FEATURES) feature(app, parts);
  app.use(gateway(app, parts));
  app.use(notFound);
  app.use(problemHandler(config));
  return app;
}
