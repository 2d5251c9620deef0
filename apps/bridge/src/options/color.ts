export type ColorChoice = 'auto' | 'always' | 'never';

/** `auto`: on a terminal that can, unless NO_COLOR is set. */
export function wantsColor(
  choice: ColorChoice,
  env: Readonly<Record<string, string | undefined>>,
  terminal: boolean,
): boolean {
  if (choice !== 'auto') return choice === 'always';
  return terminal && !env.NO_COLOR && env.TERM !== 'dumb';
}
