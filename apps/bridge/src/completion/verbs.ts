import type { Command } from 'commander';

/** What can be completed of one verb. */
export interface VerbDescription {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly OptionDescription[];
  /** It begins with the name of an instance that is there. */
  readonly takesName: boolean;
  /** Every further word is one, too. */
  readonly takesNames: boolean;
  readonly subverbs: readonly string[];
}

export interface OptionDescription {
  readonly flags: readonly string[];
  readonly description: string;
  /** A value follows. */
  readonly takesValue: boolean;
  readonly choices: readonly string[];
}

/** Names that are made up, not chosen. */
const MAKES_NAME: ReadonlySet<string> = new Set(['create', 'adopt']);

export function describeVerbs(program: Command): readonly VerbDescription[] {
  return program.commands.map((command): VerbDescription => {
    const [first] = command.registeredArguments;
    const isName = /^(NAME|OLD)$/i.test(first?.name() ?? '') && !MAKES_NAME.has(command.name());
    return {
      name: command.name(),
      summary: command.summary() || command.description(),
      options: command.options.map(({ long, short, description, required, optional, argChoices }) => ({
        flags: [long, short].filter((flag) => typeof flag === 'string'),
        description,
        takesValue: required || optional,
        choices: argChoices ?? [],
      })),
      takesName: isName,
      takesNames: isName && (first?.variadic ?? false),
      subverbs: command.commands.map((each) => each.name()),
    };
  });
}

/** Prints the names of the instances, a line each, and nothing where there are none: what the scripts call. */
export const namesCommand = 'ccb ls --quiet --json 2>/dev/null | sed -n \'s/^{"name":"\\([^"]*\\)".*/\\1/p\'';
