import { constants } from 'node:os';
import { InstanceError } from '@ccb/instance-interface';
import type { ProgramEnd } from '../pane/program-end.ts';

/** What the end of its program makes of a command. @param program what it is called */
export function programEnded(instance: string, program: string, end: ProgramEnd): InstanceError {
  if (end.kind === 'closed')
    return new InstanceError('CCB_BACKEND_UNREACHABLE', `${instance}: ${end.reason}.`, { instance, retryable: true });
  const how = end.kind === 'lost' ? end.reason : howExited(end.status);
  const message = `${instance}: ${program} is gone: ${how}. It is started again; send the command again if it may run twice.`;
  return new InstanceError('CCB_PROGRAM_EXITED', message, { instance, retryable: true });
}

function howExited(status: number): string {
  const signal = Object.entries(constants.signals).find(([, number]) => number === status - 128);
  return signal === undefined ? `it exited with status ${status}` : `it was ended by ${signal[0]}`;
}
