import { namesCommand, type OptionDescription, type VerbDescription } from './verbs.ts';

export function fishScript(verbs: readonly VerbDescription[]): string {
  const words = verbs.map(
    ({ name, summary }) => `complete -c ccb -n __fish_use_subcommand -f -a ${name} -d '${quoted(summary)}'`,
  );
  const rest = verbs.flatMap((verb) => [
    ...(verb.takesName ? [`${seen(verb)} -f -a '(__ccb_names)'`] : []),
    ...verb.subverbs.map((subverb) => `${seen(verb)} -f -a ${subverb}`),
    ...verb.options.map((option) => `${seen(verb)} ${optionWords(option)}`),
  ]);
  return `# Completes ccb in fish: ccb completion fish > ~/.config/fish/completions/ccb.fish
function __ccb_names
  ${namesCommand}
end
${[...words, ...rest].join('\n')}
`;
}

function seen({ name }: VerbDescription): string {
  return `complete -c ccb -n '__fish_seen_subcommand_from ${name}'`;
}

function optionWords({ flags, description, takesValue, choices }: OptionDescription): string {
  const names = flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
  const value = takesValue ? (choices.length > 0 ? [`-x -a '${choices.join(' ')}'`] : ['-r']) : [];
  return [...names, ...value, `-d '${quoted(description)}'`].join(' ');
}

function quoted(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll("'", "\\'");
}
