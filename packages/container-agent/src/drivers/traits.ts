/** What a program lets its instance promise. */
export interface Traits {
  /** It asks before it acts. */
  readonly permissions: boolean;
  /** Its results carry an exit status. */
  readonly exitCode: boolean;
}

const known: ReadonlyMap<string, Traits> = new Map([
  ['acp', { permissions: true, exitCode: false }],
  ['claude', { permissions: true, exitCode: false }],
  ['echo', { permissions: false, exitCode: true }],
  ['shell', { permissions: false, exitCode: true }],
]);

/** Nothing is promised for a program that is not known. */
export function traitsOf(program: string): Traits {
  return known.get(program) ?? { permissions: false, exitCode: false };
}
