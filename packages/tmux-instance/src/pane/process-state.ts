import { statOf } from './launch-record.ts';

/** Does the process live, neither stopped nor a zombie? */
export function isAtWork(pid: number | undefined): boolean {
  const state = pid === undefined ? undefined : statOf(pid)?.[0];
  return state !== undefined && !['T', 't', 'Z', 'X', 'x'].includes(state);
}
