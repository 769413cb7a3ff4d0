import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import type { FrontKind, Passage } from './kind.ts';

const MODULES = '/usr/lib/nginx/modules';
const LUA = `${MODULES}/ngx_http_lua_module.so`;
const ENDPOINTS = '/rehearsal-endpoints';

/**
 * nginx as ingress-nginx sets it up: endpoints that change while it runs, up to 320 connections kept to them for 60 s, and
 * three tries of what failed before an answer, unless it might have been done already.
 */
export const nginx: FrontKind = {
  title: 'nginx',
  program: 'nginx',
  needs: [
    ['/usr/sbin/nginx', 'nginx'],
    [LUA, 'libnginx-mod-http-lua'],
  ],
  configure: ({ folder, port }) => {
    const file = join(folder, 'nginx.conf');
    writeFileSync(file, configuration(folder, port));
    return ['-c', file, '-p', folder];
  },
  lead: async ({ port }, endpoints) =>
    new Promise((resolve, reject) => {
      const req = request({ host: '127.0.0.1', port, path: ENDPOINTS, method: 'POST' }, (res) => {
        res.resume();
        res.once('end', resolve);
      });
      req.once('error', reject);
      req.end(endpoints.join(' ') || ' ');
    }),
  passage: (status, headers) => {
    const [addresses = '', connected = '', began = ''] = String(headers['x-rehearsal-passage'] ?? '').split(
      '|',
    );
    const port = last(addresses)?.split(':')[1];
    const known: Passage = { port: port === undefined ? undefined : Number(port) };
    if (known.port === undefined) return { ...known, loss: 'no-endpoint' };
    if (last(began) !== '-') return known;
    if (status === 504) return { ...known, loss: 'timeout' };
    return { ...known, loss: last(connected) === '-' ? 'refused' : 'reset' };
  },
};

/** Of a list of tries. */
const last = (tries: string) =>
  tries
    .split(/\s*[,:]\s+/)
    .at(-1)
    ?.trim() || undefined;

function configuration(folder: string, port: number): string {
  return `load_module ${MODULES}/ndk_http_module.so;
load_module ${LUA};
${process.getuid?.() === 0 ? 'user root;' : ''}
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log stderr error;
events { worker_connections 16384; }
http {
  access_log off;
${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `  ${name}_temp_path ${folder}/${name};`).join('\n')}
  keepalive_requests 1000;
  lua_shared_dict endpoints 1m;
  map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
  upstream service {
    server 0.0.0.1;
    balancer_by_lua_block {
      local endpoints, balancer = ngx.shared.endpoints, require("ngx.balancer")
      local ports = {}
      for port in (endpoints:get("ports") or ""):gmatch("%d+") do ports[#ports + 1] = tonumber(port) end
      if #ports == 0 then return ngx.exit(503) end
      if not balancer.get_last_failure() then balancer.set_more_tries(2) end
      balancer.set_current_peer("127.0.0.1", ports[endpoints:incr("turn", 1, 0) % #ports + 1])
    }
    keepalive 320;
    keepalive_timeout 60s;
    keepalive_requests 10000;
  }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location = ${ENDPOINTS} {
      content_by_lua_block {
        ngx.req.read_body()
        ngx.shared.endpoints:set("ports", ngx.req.get_body_data())
      }
    }
    location / {
      proxy_pass http://service;
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
      proxy_buffering off;
      add_header X-Rehearsal-Passage "$upstream_addr|$upstream_connect_time|$upstream_header_time" always;
    }
  }
}
`;
}
