import express, { type Express } from 'express';
import helmet from 'helmet';
import type { Logger } from 'pino';
import type { Config } from '../lastcall/config/config.ts';
import { gateway } from '../lastcall/gateway/gateway.ts';
import type { Health } from '../lastcall/lifecycle/health.ts';
import type { Hooks } from '../lastcall/lifecycle/hooks.ts';
import type { UpgradeHandler } from '../lastcall/listener/upgrades.ts';
import { shedLoad } from '../lastcall/http/overload.ts';
import { methodNotAllowed, notFound, problemHandler } from '../lastcall/http/problem.ts';
import { requestLog } from '../lastcall/http/request-log.ts';
import { echoBody, echoUri } from './echo/echo.ts';
import { events } from './events/events.ts';
import { home } from './home/home.ts';
import { slow } from './slow/slow.ts';
import type { MetricFactory } from '../lastcall/telemetry/metrics.ts';

/** Takes a WebSocket and says true, or leaves it to the next. */
export type Upgrader = (...args: Parameters<UpgradeHandler>) => boolean;

/** What the application gets from the service that it runs in. */
export interface AppParts {
  config: Config;
  logger: Logger;
  /** Open and close what you own: `hooks.add({ name: 'db', start: () => db.connect(), stop: () => db.end() })`. */
  hooks: Hooks;
  /** Look after what you need: `health.add('db', (signal) => db.query('select 1', { signal }))`. */
  health: Health;
  /** Metrics of your own. */
  metrics: MetricFactory;
  /** Takes WebSockets; upgraders are asked in turn. */
  onUpgrade: (upgrader: Upgrader) => void;
}

/** The Express app, in the order in which a request passes through it. */
export function createApp(parts: AppParts): Express {
  const { config, logger } = parts;
  const app = express();
  app.disable('x-powered-by');
  app.set('trust proxy', config.trustProxy);

  if (config.overloadDelayMs !== undefined) app.use(shedLoad(config.overloadDelayMs, logger));
  app.use(requestLog(logger));
  app.use(helmet()); // before the parsers, so that their refusals carry its headers too
  // Named by the routes that take it: a body that the gateway passes on must not be read here.
  const json = express.json({ limit: config.bodyLimitBytes, strict: false });

  app.route('/').get(home(config.service)).all(methodNotAllowed);
  app.route('/echo').post(json, echoBody).all(methodNotAllowed);
  app.route('/echo/*path').get(echoUri).all(methodNotAllowed);
  app.route('/slow').get(slow).all(methodNotAllowed);
  app.route('/events').get(events).all(methodNotAllowed);

  app.use(gateway(app, parts));
  app.use(notFound);
  app.use(problemHandler(config));
  return app;
}
