# Shared by all scripts here: paths, and progress messages. Sourced, never run.

set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# Everything that is slow to build is kept outside the checkout, so that a clean checkout can reuse it.
cache=${SUPERINVITES_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/super-invites}
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$cache/target}
# The files of the pages, which the service embeds when it is built with the feature `embed`.
export LEPTOS_SITE_ROOT=$CARGO_TARGET_DIR/site
cargo_home=${CARGO_HOME:-$HOME/.cargo}
export PATH="$cargo_home/bin:$root/style/node_modules/.bin:$PATH"

synapse_version=1.163.2
module_version=0.8.4
lighthouse_version=12.8.2
synapse_home=$cache/synapse-$synapse_version

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
die() { printf '\033[1;31merror:\033[0m %s\n' "$*" >&2; exit 1; }

# host_triple: prints what rustc calls this machine.
host_triple() { rustc -vV | sed -n 's/^host: //p'; }

# source_date: prints the time of the last commit, in seconds since the epoch, unless $SOURCE_DATE_EPOCH is one. Without a repository: 0.
source_date() { echo "${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct 2>/dev/null || echo 0)}"; }

# free_port [WISH]: prints WISH if that port is free, otherwise a port that the system has chosen.
free_port() {
  python3 - "${1:-0}" <<'PY'
import socket, sys
for port in (int(sys.argv[1]), 0):
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind(("127.0.0.1", port))
        except OSError:
            continue
        print(s.getsockname()[1])
        break
PY
}

# wait_for URL PID LOG: waits until URL answers; shows the log if the process PID ends first.
wait_for() {
  until curl -fsS -o /dev/null "$1" 2>/dev/null; do
    kill -0 "$2" 2>/dev/null || { tail -n 20 "$3" >&2; die "it ended before $1 answered; its log is $3"; }
    sleep 0.2
  done
}
