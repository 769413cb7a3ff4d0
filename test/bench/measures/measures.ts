// All that is measured, in the order of the table.
import {
  type Contestant,
  emptyExit,
  express,
  fastify,
  goNetHttp,
  naive,
  protectedService,
  service,
  serviceWithRoutes,
  terminus,
  unprotected,
} from '../contestants.ts';
import type { Measure } from '../measure.ts';
import { exit } from './exit.ts';
import { gateways } from './gateway.ts';
import { idle } from './idle.ts';
import { reading, stall } from './metrics.ts';
import { overload } from './overload.ts';
import { start } from './start.ts';
import { throughput } from './throughput.ts';
import { tracing } from './tracing.ts';

const PEERS = [express, naive, terminus, fastify, goNetHttp];
/** 10 kB. */
const POSTED = JSON.stringify({ text: 'x'.repeat(9989) });

/** How cost grows: where the plots have points, beside those that the table has. */
const GROWTH = {
  connections: [100, 1000],
  routes: [10, 100, 1000],
  series: [500, 1000, 2000, 5000],
};

const has = (path: 'post' | 'slow') => (contestant: Contestant) => contestant.paths[path] !== undefined;

const get = throughput({
  name: 'get',
  title: 'GET, small JSON',
  goal: '≥ 0.80',
  contestants: [...PEERS, service],
  request: ({ paths }) => ({ path: paths.get, status: 200 }),
});

/** The same requests a second, to a contestant that does the same work. */
function toNaive(measure: Measure): Measure {
  const [rate] = measure.rows;
  if (rate === undefined) throw new Error(`${measure.name} has no row`);
  const title = 'the same, to naive Express';
  const row = { ...rate, name: `${rate.name}-naive`, title, to: naive.name, goal: '≥ 2.5' };
  return { ...measure, rows: [rate, row, ...measure.rows.slice(1)] };
}

/** What takes a core 1.5 ms, in one piece or after somebody else has been asked. */
const OVERLOAD = [
  { name: 'overload-compute', title: 'work in one piece', path: '/compute' },
  { name: 'overload-render', title: 'work after 5 ms of waiting', path: '/render' },
  {
    name: 'overload-connect',
    title: 'a new connection for each request',
    path: '/compute',
    keepAlive: false,
  },
].map((own) =>
  overload({ ...own, baseline: unprotected.name, contestants: [unprotected, protectedService] }),
);

export const MEASURES: Measure[] = [
  toNaive(get),
  throughput({
    name: 'post',
    title: 'POST, 10 kB of JSON, and back',
    goal: '≥ 0.80',
    contestants: [...PEERS, service].filter(has('post')),
    request: ({ paths }) => ({ path: paths.post ?? '', body: POSTED, status: 200 }),
  }),
  throughput({
    name: '404',
    title: 'a path that is not there: 404',
    goal: '≥ 0.80',
    contestants: [...PEERS, service],
    request: () => ({ path: '/nothing/here', status: 404 }),
  }),
  throughput({
    name: '500',
    title: 'a handler that throws: 500',
    goal: '≥ 0.80',
    contestants: [...PEERS, serviceWithRoutes],
    request: () => ({ path: '/fail', status: 500 }),
  }),
  start([...PEERS, service]),
  idle({ family: 'service', connections: 10_000, contestants: [...PEERS, service] }),
  exit(emptyExit, [terminus, fastify, goNetHttp, service].filter(has('slow'))),
  stall([naive, fastify, serviceWithRoutes]),
  ...gateways,
  ...tracing,
  ...OVERLOAD,
  ...GROWTH.connections.map((connections) =>
    idle({ family: 'growth', connections, contestants: [express, service] }),
  ),
  ...GROWTH.routes.map((routes) =>
    throughput({
      name: `routes-${routes}`,
      title: `the last of ${routes.toLocaleString('en')} routes`,
      group: 'routes',
      family: 'growth',
      contestants: [express, serviceWithRoutes],
      request: () => ({ path: `/routes/${routes - 1}`, status: 200 }),
      env: () => ({ ROUTES: String(routes) }),
    }),
  ),
  ...GROWTH.series.map((series) => reading(series, [naive, serviceWithRoutes])),
];
