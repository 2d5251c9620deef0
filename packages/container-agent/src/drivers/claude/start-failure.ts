import { DriverError } from '../driver-error.ts';
import { describeExit, type ProgramExit } from '../program-process.ts';
import type { SessionFile } from './session-file.ts';

const HINTS: readonly (readonly [RegExp, string])[] = [
  [
    /cannot be used with root/,
    'Let it run as another user; or, where a container keeps it in, set IS_SANDBOX=1 in its environment',
  ],
  [/unknown option/, "Correct the program's arguments"],
  [/already in use/, 'Another Claude Code is in this conversation: end it'],
];

/** What to tell when Claude Code does not become ready. `exit` is absent where it lives and refused. */
export function startFailure(exit: ProgramExit | undefined, said: string, session: SessionFile): DriverError {
  if (exit !== undefined && said.includes('No conversation found')) return session.lost();
  const what = exit === undefined ? 'claude cannot be talked to' : `claude ${describeExit(exit)} before it was ready`;
  const hint =
    HINTS.find(([pattern]) => pattern.test(said))?.[1] ?? 'Run it by hand in the workspace to see what it lacks';
  const reason = said === '' ? '' : `: ${said.replace(/\.$/, '')}`;
  return new DriverError('CCB_PROGRAM_EXITED', `${what}${reason}. ${hint}.`, { retryable: exit?.signal != null });
}
