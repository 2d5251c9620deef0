#!/bin/sh
# Makes sure that a Docker engine answers, and says how it was done. Nothing happens where one does already: that of
# DOCKER_HOST, or the one at the usual socket. Else it is installed (Debian, as root) and started, to outlive this shell.
set -eu
socket=${CCB_DOCKER_SOCKET:-/var/run/docker.sock}
log=${CCB_DOCKERD_LOG:-/var/log/ccb-dockerd.log}

answers() { docker version --format '{{.Server.Version}}' >/dev/null 2>&1; }

missing=
command -v docker >/dev/null 2>&1 || missing="$missing docker.io"
if [ -z "${DOCKER_HOST:-}" ] && ! { [ -z "$missing" ] && answers; }; then
  [ -x /usr/sbin/dockerd ] || missing="docker.io"
  command -v iptables >/dev/null 2>&1 || missing="$missing iptables"
fi
if [ -n "$missing" ]; then
  [ "$(id -u)" = 0 ] || { echo "please install:$missing" >&2; exit 1; }
  export DEBIAN_FRONTEND=noninteractive
  apt-get -q update
  # shellcheck disable=SC2086
  apt-get -q install -y --no-install-recommends $missing
  # Newer releases have the command line in a package of its own.
  command -v docker >/dev/null 2>&1 || apt-get -q install -y --no-install-recommends docker-cli
fi
if answers; then
  echo "a Docker engine answers"
  exit 0
fi
[ -z "${DOCKER_HOST:-}" ] || { echo "the engine at $DOCKER_HOST does not answer" >&2; exit 1; }

# A daemon that was killed leaves pid files, and refuses to start while any process, even a zombie, has that number.
stale() { # FILE NAME
  [ -f "$1" ] || return 0
  pid=$(cat "$1")
  name=$(cat "/proc/$pid/comm" 2>/dev/null || :)
  state=$(sed -n 's/^State:[[:space:]]*\(.\).*/\1/p' "/proc/$pid/status" 2>/dev/null || :)
  if [ "$name" != "$2" ] || [ "$state" = Z ]; then rm -f "$1"; fi
}
stale /var/run/docker.pid dockerd
stale /var/run/docker/containerd/containerd.pid containerd

# The package does not start it where there is no service manager.
setsid /usr/sbin/dockerd -H "unix://$socket" >"$log" 2>&1 </dev/null &
daemon=$!
tries=0
until answers; do
  tries=$((tries + 1))
  if ! kill -0 "$daemon" 2>/dev/null || [ "$tries" -gt 150 ]; then
    echo "dockerd did not come up (pid $daemon):" >&2
    tail -n 30 "$log" >&2
    exit 1
  fi
  sleep 0.2
done
echo "a Docker engine was started (pid $daemon)"
