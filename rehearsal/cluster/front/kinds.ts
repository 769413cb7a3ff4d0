import { haproxy } from './haproxy.ts';
import { nginx } from './nginx.ts';

/** The proxies that can stand in front of the replicas. */
export const FRONTS = { nginx, haproxy };
export type FrontName = keyof typeof FRONTS;
