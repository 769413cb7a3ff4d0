// All that is measured, in the order of the table.
import { express, service, serviceWithRoutes } from '../contestants.ts';
import type { Measure } from '../measure.ts';
import { start } from './start.ts';
import { throughput } from './throughput.ts';

const peers = [express];
const POSTED = JSON.stringify({ text: 'x'.repeat(10_000) });

export const MEASURES: Measure[] = [
  throughput({
    name: 'get',
    title: 'GET, small JSON',
    goal: '≥ 0.80',
    contestants: [...peers, service],
    request: ({ paths }) => ({ path: paths.get, status: 200 }),
  }),
  throughput({
    name: 'post',
    title: 'POST, 10 kB of JSON, and back',
    goal: '≥ 0.80',
    contestants: [...peers, service].filter(({ paths }) => paths.post !== undefined),
    request: ({ paths }) => ({ path: paths.post ?? '', body: POSTED, status: 200 }),
  }),
  throughput({
    name: '404',
    title: 'a path that is not there: 404',
    goal: '≥ 0.80',
    contestants: [...peers, service],
    request: () => ({ path: '/nothing/here', status: 404 }),
  }),
  throughput({
    name: '500',
    title: 'a handler that throws: 500',
    goal: '≥ 0.80',
    contestants: [...peers, serviceWithRoutes],
    request: () => ({ path: '/fail', status: 500 }),
  }),
  start([...peers, service]),
];
