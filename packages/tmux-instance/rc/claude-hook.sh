# A hook of Claude Code: tells what happened by a file that appears whole, under a name that sorts by time.
# $1: the event  $2: the directory
set -u
name=$2/$(date +%s%N)-$$-$1
if [ "$1" = PermissionRequest ]; then
  # Opened both ways first, so that neither side ever waits for the other to open it.
  mkfifo -m 600 "$name.answer" && exec 3<>"$name.answer" || exit 0
fi
cat >"$name.new" && mv "$name.new" "$name.json" || exit 0
if [ "$1" = PermissionRequest ]; then
  IFS= read -r answer <&3
  rm -f "$name.answer"
  printf '%s\n' "$answer"
fi
