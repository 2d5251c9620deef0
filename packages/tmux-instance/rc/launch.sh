# The first process of a pane: takes environment and command from a FIFO, runs it, and says how it ended.
# $1: the FIFO  $2: a token that proves the first mark
exec 3<"$1" || exit 127
printf '\033]133;H;k=%s\007' "$2"
# Sets environment, working directory, arguments and ccb_nonce.
eval "$(cat <&3)" || exit 127
exec 3<&-
# What interrupts the program must not end who tells of it; the program itself gets the default back.
trap : INT QUIT
# The shell's own remarks ("Killed") are no output.
exec 4>&2 2>/dev/null
(
  exec 2>&4 4>&-
  exec /bin/sh -c 'printf "\033]133;L;%s;k=%s\007" "$$" "$0"; exec "$@"' "$ccb_nonce" "$@"
)
ccb_status=$?
printf '\033]133;X;%s;k=%s\007' "$ccb_status" "$ccb_nonce"
# Nothing is lost while the pane lives: it is used again, or closed.
exec sleep 2147483647
