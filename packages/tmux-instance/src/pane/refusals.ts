import { InstanceError } from '@ccb/instance-interface';
import type { TmuxCommandError } from '../control/tmux-command-error.ts';
import type { ProgramEnd } from './program-end.ts';

/** Whose pane it is about. */
interface Named {
  readonly name: string;
  readonly session: string;
}

/** What tmux answered, in our words. */
export function refusedByTmux({ name: instance, session }: Named, cause: TmuxCommandError): InstanceError {
  const { message } = cause;
  if (/duplicate session/.test(message)) {
    const text = `${instance}: there is a tmux session ${session} already, and it is not ours. Choose another name, or end that session.`;
    return new InstanceError('CCB_NAME_TAKEN', text, { cause, instance });
  }
  if (/can't find|no such|no server/.test(message))
    return new InstanceError('CCB_NOT_FOUND', `${instance}: its tmux pane is gone (${message}).`, { cause, instance });
  return new InstanceError('CCB_BACKEND_UNREACHABLE', `${instance}: tmux refused: ${message}`, { cause, instance });
}

export function notLaunched({ name: instance }: Named, end: ProgramEnd): InstanceError {
  const why = end.kind === 'exited' ? `its launcher ended with status ${end.status}` : end.reason;
  const message = `${instance}: the program could not be launched in its pane: ${why}. Look at it with tmux, and start it again.`;
  return new InstanceError('CCB_PROGRAM_EXITED', message, { instance, retryable: true });
}

export function cannotBeAdopted({ name: instance, session }: Named, why: string): InstanceError {
  const message = `${instance}: the tmux session ${session} cannot be adopted: ${why}. End that first.`;
  return new InstanceError('CCB_LOCKED', message, { instance, retryable: true });
}

export function nothingToAdopt({ name: instance, session }: Named): InstanceError {
  const message = `${instance}: there is no tmux session ${session} with a living program. Start it, or adopt another one.`;
  return new InstanceError('CCB_NOT_FOUND', message, { instance });
}

export function hasNoPane({ name: instance }: Named): InstanceError {
  const message = `${instance}: it has no pane while it is stopped. Start it first.`;
  return new InstanceError('CCB_INVALID_STATE', message, { instance });
}
