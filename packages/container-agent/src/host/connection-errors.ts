import { InstanceError } from '@ccb/instance-interface';

export function unreachable(why: string, cause?: unknown): InstanceError {
  return new InstanceError('CCB_AGENT_UNREACHABLE', `the agent cannot be reached: ${why}`, { retryable: true, cause });
}

export function mismatch(what: string, cause?: unknown): InstanceError {
  const message = `${what}; use the same version of ccb on both sides, or stop and start the instance`;
  return new InstanceError('CCB_PROTOCOL_MISMATCH', message, { cause });
}

export function busyElsewhere({ host, since }: { readonly host: string; readonly since: string }): InstanceError {
  const message = `another host (${host}) has held this agent since ${since}; end it, or open the instance with mode 'observe'`;
  return new InstanceError('CCB_LOCKED', message, { retryable: true });
}

export function closedError(): InstanceError {
  return new InstanceError('CCB_CLOSED', 'the connection to the agent was closed; the command goes on there');
}

export function journalLost(): InstanceError {
  const message =
    'the journal with this answer is gone, the agent began a new one: how far the command came is not known. Look at what it did before you send it again, under a new id';
  return new InstanceError('CCB_JOURNAL_LOST', message);
}

export function brokenAt(line: number): InstanceError {
  const message = `the agent's line ${line} is missing or malformed, also when asked for again; is it of another version, or broken? Stop and start the instance`;
  return new InstanceError('CCB_PROTOCOL', message);
}
