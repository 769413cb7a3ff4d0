#!/usr/bin/env bash
# truth: A shell that starts the program waits for its end, and does not pass SIGTERM on.
# says: SIGKILL ended old-.*Nothing showed that it had noticed SIGTERM
# advice: let the program itself be PID 1, not a shell or npm
# pod: {"graceMs": 1500}
set -euo pipefail
trap 'true' TERM
node "$(dirname "$0")/healthy.mjs"
