import { namesCommand, type VerbDescription } from './verbs.ts';

export function bashScript(verbs: readonly VerbDescription[]): string {
  const options = verbs.map(
    ({ name, options: each }) => `    ${name}) echo '${each.flatMap(({ flags }) => flags).join(' ')} --help' ;;`,
  );
  const choices = new Map(
    verbs.flatMap((verb) =>
      verb.options.filter((each) => each.choices.length > 0).map((each) => [each.flags[0], each]),
    ),
  );
  const values = [...choices].map(([flag, each]) => `    ${flag}) words='${each.choices.join(' ')}' ;;`);
  const named = verbs.filter(({ takesName }) => takesName).map(({ name }) => name);
  const several = verbs.filter(({ takesNames }) => takesNames).map(({ name }) => name);
  const nested = verbs.filter(({ subverbs }) => subverbs.length > 0);
  return `# Completes ccb in bash: source <(ccb completion bash)
_ccb_options() {
  case "$1" in
${options.join('\n')}
  esac
}

_ccb() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} verb=\${COMP_WORDS[1]} words=
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    words='${verbs.map(({ name }) => name).join(' ')} --help --version'
    COMPREPLY=($(compgen -W "$words" -- "$word"))
    return
  fi
  case "$before" in
${values.join('\n')}
    --workspace|--home|--env-file) COMPREPLY=($(compgen -f -- "$word")); return ;;
  esac
  if [ -z "$words" ]; then
    case "$word" in
      -*) words=$(_ccb_options "$verb") ;;
      *)
        case "$verb" in
          ${several.join('|')}) words=$(${namesCommand}) ;;
          ${named.join('|')}) [ "$COMP_CWORD" -eq 2 ] && words=$(${namesCommand}) ;;
${nested.map(({ name, subverbs }) => `          ${name}) words='${subverbs.join(' ')}' ;;`).join('\n')}
          help) words='${verbs.map(({ name }) => name).join(' ')}' ;;
        esac ;;
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -F _ccb ccb
`;
}
