#!/usr/bin/env bash
# truth: SIGTERM ends the shell that started the program, and the program with it.
# says: connections? (was|were) refused.*SIGTERM ended the program at once
# advice: Start the program itself, not npm or a shell
# among: findings
# load: {"fresh": 0.7}
# network: {"endpointLagMs": 800}
set -euo pipefail
node "$(dirname "$0")/healthy.mjs" &
wait
