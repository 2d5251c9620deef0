import { namesCommand, type OptionDescription, type VerbDescription } from './verbs.ts';

export function zshScript(verbs: readonly VerbDescription[]): string {
  const cases = verbs.map((verb) => {
    const rest = verb.takesNames ? "'*:instance:_ccb_names'" : verb.takesName ? "'1:instance:_ccb_names'" : '';
    const subverbs = verb.subverbs.length > 0 ? `'1:verb:(${verb.subverbs.join(' ')})'` : '';
    const specs = [...verb.options.flatMap(optionSpecs), rest, subverbs].filter((spec) => spec !== '');
    return `    ${verb.name}) _arguments ${specs.join(' ')} ;;`;
  });
  return `#compdef ccb
# Completes ccb in zsh: ccb completion zsh > "\${fpath[1]}/_ccb"
_ccb_names() {
  local -a names
  names=(\${(f)"$(${namesCommand})"})
  compadd -a names
}

_ccb() {
  if (( CURRENT == 2 )); then
    local -a verbs
    verbs=(
${verbs.map(({ name, summary }) => `      '${name}:${quoted(summary)}'`).join('\n')}
    )
    _describe verb verbs
    return
  fi
  local verb=$words[2]
  shift words
  (( CURRENT-- ))
  case "$verb" in
${cases.join('\n')}
  esac
}
# Sourced, or loaded from fpath.
if [ "$funcstack[1]" = _ccb ]; then _ccb "$@"; else compdef _ccb ccb; fi
`;
}

function optionSpecs({ flags, description, takesValue, choices }: OptionDescription): readonly string[] {
  const value = takesValue ? `:value:${choices.length > 0 ? `(${choices.join(' ')})` : '_files'}` : '';
  const text = quoted(description).replaceAll('[', '(').replaceAll(']', ')');
  return flags.map((flag) => `'${flag}[${text}]${value}'`);
}

function quoted(text: string): string {
  return text.replaceAll("'", "'\\''").replaceAll(':', '\\:');
}
