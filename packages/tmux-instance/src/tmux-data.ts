import { isAbsolute } from 'node:path';
import { type AgentData, invalidData, parseAgentData } from '@ccb/container-agent';
import type { InstanceRecord } from '@ccb/instance-interface';
import type { RecordedCompletion } from './completion/recorded-completion.ts';
import { parseRecordedCompletion } from './completion/recorded-completion.ts';

/** What a record of type `tmux` holds in `data`. */
export interface TmuxData extends AgentData {
  /** Path of the server's socket. */
  readonly socket: string;
  /** `ours`: a server of ours, started when needed. `person`: one that a person named. */
  readonly owner: 'ours' | 'person';
  readonly session: string;
  /** The session was there before, and stays. */
  readonly adopted: boolean;
  readonly takeover: 'wait' | 'refuse' | 'ignore';
  /** The command line, where it is none of the known programs. */
  readonly argv?: readonly [string, ...string[]] | undefined;
  /** How the end of an answer is known, for a command line. */
  readonly completion?: readonly RecordedCompletion[] | undefined;
}

export type TmuxRecord = InstanceRecord<'tmux', TmuxData>;

/** @throws {InstanceError} CCB_RECORD_INVALID naming the field */
export function asTmuxRecord(record: InstanceRecord): TmuxRecord {
  return { ...record, type: 'tmux', data: tmuxData(record) };
}

function tmuxData(record: InstanceRecord): TmuxData {
  const common = parseAgentData(record, 'tmux');
  const invalid = (field: string, expected: string) => invalidData(record, 'tmux', field, expected);
  const data = record.data as { readonly [K in keyof TmuxData]?: unknown };
  const { socket, owner, session, adopted = false, takeover, argv, completion } = data;
  if (typeof socket !== 'string' || !isAbsolute(socket)) throw invalid('socket', 'an absolute path');
  if (owner !== 'ours' && owner !== 'person') throw invalid('owner', "'ours' or 'person'");
  if (typeof session !== 'string' || session === '') throw invalid('session', 'the name of a session');
  if (typeof adopted !== 'boolean') throw invalid('adopted', 'true or false');
  if (takeover !== 'wait' && takeover !== 'refuse' && takeover !== 'ignore')
    throw invalid('takeover', "'wait', 'refuse' or 'ignore'");
  if (argv !== undefined && !isArgv(argv)) throw invalid('argv', 'a list of strings that is not empty');
  const recorded = completion === undefined ? undefined : parseRecordedCompletion(completion);
  if (completion !== undefined && recorded === undefined) throw invalid('completion', 'a list of detectors');
  return {
    ...common,
    socket,
    owner,
    session,
    adopted,
    takeover,
    ...(argv !== undefined && { argv }),
    ...(recorded !== undefined && { completion: recorded }),
  };
}

/** A program and its arguments. */
export function isArgv(value: unknown): value is readonly [string, ...string[]] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value[0] !== '' &&
    value.every((word) => typeof word === 'string' && !word.includes('\0'))
  );
}
