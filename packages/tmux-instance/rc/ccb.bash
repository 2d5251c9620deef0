# Marks around each prompt and each output, after OSC 133, with a nonce that proves them. The person's own settings come
# first, and stay.
[ -f ~/.bashrc ] && . ~/.bashrc
__ccb_nonce=$CCB_NONCE __ccb_state=$CCB_STATE __ccb_count=0 __ccb_told=0
unset CCB_NONCE CCB_STATE
[ -n "${CCB_HISTFILE-}" ] && HISTFILE=$CCB_HISTFILE
unset CCB_HISTFILE

# First of all at a prompt: the output ended, and how.
__ccb_ended() {
  local status=$?
  if [ "$__ccb_told" != "$__ccb_count" ]; then
    __ccb_told=$__ccb_count
    printf '\e]133;D;%s;%s;k=%s\a' "$status" "$__ccb_count" "$__ccb_nonce"
  fi
  return "$status"
}

# Last of all before the prompt: it may have been given a new look.
__ccb_prompt() {
  local status=$?
  local ready='\[\e]133;B;$?;$__ccb_count;k='$__ccb_nonce'\a\]'
  local more='\[\e]133;P;k='$__ccb_nonce'\a\]'
  local begin='\e]133;C;k='$__ccb_nonce'\a${PS1:$((__ccb_count+=1,0)):0}'
  shopt -s promptvars
  [[ $PS1 == *"$ready" ]] || PS1=${PS1-'\$ '}$ready
  [[ $PS2 == "$more"* ]] || PS2=$more${PS2-'> '}
  [[ ${PS0-} == *"$begin" ]] || PS0=${PS0-}$begin
  # Always as long, over what is there: to cut a file off takes longer than a command.
  printf '%16s %3s\n' "$__ccb_count" "$status" 1<>"$__ccb_state"
  return "$status"
}

if [ "${BASH_VERSINFO[0]}" -gt 5 ] || { [ "${BASH_VERSINFO[0]}" -eq 5 ] && [ "${BASH_VERSINFO[1]}" -ge 1 ]; }; then
  PROMPT_COMMAND=(__ccb_ended "${PROMPT_COMMAND[@]}" __ccb_prompt)
else
  PROMPT_COMMAND="__ccb_ended${PROMPT_COMMAND:+; ${PROMPT_COMMAND%%;}}; __ccb_prompt"
fi
# Text is pasted as it is; and what stops and starts the output must not search the history when it comes late.
bind 'set enable-bracketed-paste on' 2>/dev/null
bind '"\C-s": ""' 2>/dev/null
bind '"\C-q": ""' 2>/dev/null
