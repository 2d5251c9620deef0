#!/bin/sh
# Runs a command beside a podman of its own (Linux, as root): CCB_PODMAN_SOCKET is the socket of its Docker API. Without a
# command it prints the socket and waits to be interrupted. Afterwards nothing of it is left: no process, mount or file.
set -eu
[ "$(id -u)" = 0 ] || { echo "only root may start it" >&2; exit 1; }
command -v podman >/dev/null 2>&1 || { echo "please install podman" >&2; exit 1; }

place=$(mktemp -d "${TMPDIR:-/tmp}/ccb-podman-XXXXXX")
socket=$place/podman.sock
service=

clean() {
  trap '' INT TERM
  CONTAINERS_CONF="$place/containers.conf" timeout 60 podman --root "$place/root" --runroot "$place/run" \
    --tmpdir "$place/tmp" rm --all --force --time 0 >/dev/null 2>>"$place/log" || cat "$place/log" >&2
  if [ -n "$service" ]; then
    kill "$service" 2>/dev/null || :
    wait "$service" 2>/dev/null || :
  fi
  # The monitor of an exec outlives it by five minutes.
  for process in /proc/[0-9]*; do
    case $(tr '\0' ' ' 2>/dev/null <"$process/cmdline" || :) in
      */conmon\ *" $place/"*) kill -KILL "${process#/proc/}" 2>/dev/null || : ;;
    esac
  done
  cut -d ' ' -f 5 /proc/self/mountinfo | grep "^$place/" | sort -r | while read -r mount; do umount "$mount"; done
  rm -rf --one-file-system "$place"
}
trap clean EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Docker has an init of its own; podman uses one that is there.
init=
for program in /usr/libexec/podman/catatonit /usr/bin/catatonit /usr/bin/docker-init /usr/bin/tini; do
  if [ -x "$program" ]; then init=$program; break; fi
done
[ -n "$init" ] || { echo "please install catatonit, or tini" >&2; exit 1; }
# Locks in files, because those in shared memory are one for all podmans of a machine. The limits it sets otherwise are
# beyond what root may raise in some containers.
cat >"$place/containers.conf" <<CONF
[containers]
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
init_path = "$init"
lock_type = "file"
CONF
mkdir "$place/tmp"

CONTAINERS_CONF="$place/containers.conf" setsid podman --root "$place/root" --runroot "$place/run" --tmpdir "$place/tmp" \
  system service --time 0 "unix://$socket" >"$place/log" 2>&1 </dev/null &
service=$!
tries=0
until [ -S "$socket" ] && timeout 5 podman --url "unix://$socket" version >/dev/null 2>&1; do
  tries=$((tries + 1))
  if ! kill -0 "$service" 2>/dev/null || [ "$tries" -gt 100 ]; then
    echo "podman did not come up:" >&2
    tail -n 30 "$place/log" >&2
    exit 1
  fi
  sleep 0.2
done

if [ "$#" = 0 ]; then
  echo "$socket"
  while :; do sleep 3600 & wait $!; done
fi
export CCB_PODMAN_SOCKET="$socket"
"$@"
