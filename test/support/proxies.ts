// Real proxies in front of several replicas, whose endpoints are changed while they run, as an ingress controller does it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { own } from '../harness/own.ts';
import { newFolder } from './folder.ts';
import { freePort } from './ports.ts';

export interface Proxy {
  url: string;
  /** Where it sends requests from now on: ports of this machine. */
  lead: (ports: number[]) => Promise<void>;
}

/** nginx's modules of the package libnginx-mod-http-lua. */
const MODULES = '/usr/lib/nginx/modules';
/** More than replicas are there at any time of a rollout. */
const SLOTS = 6;
/** Between two looks whether it is there. */
const LOOK_MS = 20;

export const PROXIES: [name: string, needs: string[], start: () => Promise<Proxy>][] = [
  ['nginx', ['nginx', 'libnginx-mod-http-lua'], startNginx],
  ['HAProxy', ['haproxy'], startHaproxy],
];

/** Whether something of `needs` is there. */
export function hasProxy(name: string): boolean {
  if (name === 'libnginx-mod-http-lua') return existsSync(join(MODULES, 'ngx_http_lua_module.so'));
  return ['/usr/sbin', '/usr/local/sbin', '/usr/bin'].some((folder) => existsSync(join(folder, name)));
}

/**
 * nginx with a balancer in Lua and connections that it keeps to its endpoints: 320 for 60 s and 10,000 requests, which are
 * the defaults of ingress-nginx. A request is tried once.
 */
async function startNginx(): Promise<Proxy> {
  const port = await freePort();
  const folder = newFolder();
  writeFileSync(
    join(folder, 'nginx.conf'),
    `load_module ${MODULES}/ndk_http_module.so;
load_module ${MODULES}/ngx_http_lua_module.so;
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log;
events {}
http {
  access_log off;
${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `  ${name}_temp_path ${folder};`).join('\n')}
  lua_shared_dict endpoints 1m;
  upstream service {
    server 0.0.0.1;
    balancer_by_lua_block {
      local endpoints = ngx.shared.endpoints
      local ports = {}
      for port in endpoints:get("ports"):gmatch("%d+") do ports[#ports + 1] = tonumber(port) end
      require("ngx.balancer").set_current_peer("127.0.0.1", ports[endpoints:incr("turn", 1, 0) % #ports + 1])
    }
    keepalive 320;
    keepalive_timeout 60s;
    keepalive_requests 10000;
  }
  server {
    listen 127.0.0.1:${port};
    location = /endpoints {
      content_by_lua_block {
        ngx.req.read_body()
        ngx.shared.endpoints:set("ports", ngx.req.get_body_data())
      }
    }
    location / {
      proxy_pass http://service;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_next_upstream off;
    }
  }
}
`,
  );
  const url = await started('nginx', ['-c', join(folder, 'nginx.conf'), '-p', folder], port);
  return {
    url,
    lead: async (ports) => {
      await fetch(`${url}/endpoints`, { method: 'POST', body: ports.join(' ') });
    },
  };
}

/** HAProxy, which keeps connections to its servers by itself. A request is tried once. */
async function startHaproxy(): Promise<Proxy> {
  const port = await freePort();
  const folder = newFolder();
  const socket = join(folder, 'admin.sock');
  writeFileSync(
    join(folder, 'haproxy.cfg'),
    `global
  stats socket ${socket} level admin
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  retries 0
frontend clients
  bind 127.0.0.1:${port}
  default_backend service
backend service
  server-template replica 1-${SLOTS} 127.0.0.1:1 disabled
`,
  );
  const url = await started('haproxy', ['-db', '-f', join(folder, 'haproxy.cfg')], port);
  const slots: (number | undefined)[] = Array.from({ length: SLOTS });
  return {
    url,
    lead: async (ports) => {
      const commands: string[] = [];
      for (const [at, held] of slots.entries()) {
        if (held === undefined || ports.includes(held)) continue;
        commands.push(`set server service/replica${at + 1} state maint`);
        slots[at] = undefined;
      }
      for (const wanted of ports.filter((one) => !slots.includes(one))) {
        const at = slots.indexOf(undefined);
        slots[at] = wanted;
        const name = `set server service/replica${at + 1}`;
        commands.push(`${name} addr 127.0.0.1 port ${wanted}`, `${name} state ready`);
      }
      const client = connect(socket);
      client.end(`${commands.join(';')}\n`);
      await text(client);
    },
  };
}

/** Starts the program, which ends with the test. */
async function started(program: string, args: string[], port: number): Promise<string> {
  const env = { PATH: `${process.env['PATH']}:/usr/sbin` };
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], env });
  const stderr = text(child.stderr);
  const ended = once(child, 'exit');
  own(async () => {
    child.kill('SIGTERM');
    await ended;
  });
  const url = `http://127.0.0.1:${port}`;
  while (
    !(await fetch(url).then(
      () => true,
      () => false,
    ))
  ) {
    if (child.exitCode !== null) throw new Error(`${program} has ended: ${await stderr}`);
    await sleep(LOOK_MS);
  }
  return url;
}
