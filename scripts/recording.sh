#!/usr/bin/env bash
# What the terminal recording shows: one instance in each place, the same command to each, one interrupted, one killed and
# back, and nothing left. `ccb` is on PATH, and IMAGE names an image with Node, bash and flock.
set -uo pipefail

say() { printf '\n\033[2m# %s\033[0m\n' "$*"; }
run() {
  printf '\033[1m$ %s\033[0m\n' "$*"
  eval "$*"
}
# Resolves when an instance runs a command.
busy() { until ccb info "$1" | grep -q '^command'; do :; done; }

say 'One instance in a container, one in a tmux pane, one as a process'
run "ccb create boxed --backend docker --image $IMAGE --network none --program shell"
run 'ccb create paned --backend tmux --program shell'
run 'ccb create plain --program shell'
run 'ccb ls'

say 'The same command, the same answer'
for name in boxed paned plain; do
  run "ccb send $name 'echo \"six times seven is \$((6 * 7))\"'"
done

say 'One is interrupted from outside; it goes on with the next command'
run "ccb send paned 'echo begun; sleep 600; echo never' &"
sender=$!
busy paned
run 'ccb interrupt paned'
wait "$sender"
run "ccb send paned 'echo still here'"

say 'The agent of one is killed in the middle of a command, and comes back'
run "ccb send boxed --detach 'echo begun; sleep 600; echo never'"
busy boxed
run 'docker kill --signal KILL ccb-boxed'
run 'ccb ls'
run 'ccb resume boxed'
run "ccb send boxed 'echo back again'"

say 'Clean up: nothing is left'
run 'ccb rm --force boxed paned plain'
run 'ccb ls'
run 'ls "$CCB_HOME/instances"'
run 'docker ps --all --quiet --filter name=ccb-boxed'
run 'ccb prune'
