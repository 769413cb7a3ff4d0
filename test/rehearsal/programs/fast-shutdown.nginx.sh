#!/usr/bin/env bash
# truth: To nginx, SIGTERM is the fast shutdown: it closes its listener and every connection at once.
# says: connections? (was|were) refused.*the program stopped listening before that
# advice: go on listening for at least \d+s after SIGTERM, or delay SIGTERM
# among: findings
# load: {"fresh": 0.7}
# network: {"endpointLagMs": 800}
set -euo pipefail
folder=$(mktemp -d)
cat >"$folder/nginx.conf" <<CONF
daemon off;
pid $folder/pid;
error_log stderr;
worker_processes 1;
events { worker_connections 512; }
http {
  access_log off;
  client_body_temp_path $folder; proxy_temp_path $folder; fastcgi_temp_path $folder; uwsgi_temp_path $folder;
  scgi_temp_path $folder;
  server {
    listen $HOST:$PORT;
    location / { return 200 ok; }
  }
}
CONF
exec nginx -e stderr -c "$folder/nginx.conf"
