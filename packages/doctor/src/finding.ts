import { styleText } from 'node:util';
import type { Check } from '@ccb/instance-interface';

/** One thing that was looked at. */
export interface Finding extends Check {
  /** What it belongs to: `machine`, `home`, `claude`, or the type of a backend. */
  readonly area: string;
}

const MARKS = { ok: 'ok', warning: 'warning', problem: 'PROBLEM' } as const;
const COLORS = { ok: 'green', warning: 'yellow', problem: 'red' } as const;

/** One line, and where something is to be done, another one with the command that does it. */
export function describeFinding(
  { area, name, status, message, fix }: Finding,
  options: { readonly color: boolean },
): string {
  const mark = MARKS[status].padEnd(8);
  const shown = options.color ? styleText(COLORS[status], mark, { validateStream: false }) : mark;
  const line = `${shown} ${`${area}: ${name}`.padEnd(22)} ${message}`;
  return fix === undefined || status === 'ok' ? line : `${line}\n${' '.repeat(9)}-> ${fix}`;
}

export function hasProblem(findings: readonly Finding[]): boolean {
  return findings.some(({ status }) => status === 'problem');
}
