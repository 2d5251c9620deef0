import { randomUUID } from 'node:crypto';
import { basename, join } from 'node:path';
import { assertFree, claimDirectory, defaultHome, discard, instanceLayout, translated } from '@ccb/container-agent';
import type { CreateOptions } from '@ccb/instance-interface';
import { recordedCompletion } from './completion/recorded-completion.ts';
import { furnishPane } from './layout-files.ts';
import { defaultRuntimeDirectory, makeRuntimeDirectory, serverSocket } from './server-socket.ts';
import type { TmuxRecord } from './tmux-data.ts';
import { TmuxInstance } from './tmux-instance.ts';
import { parseTmuxSpec, type TmuxSpec } from './tmux-spec.ts';

/** Where instances and servers of ours are. */
export interface TmuxPlaces {
  readonly home: string;
  readonly runtimeDirectory: string;
}

function defaultPlaces(): TmuxPlaces {
  return { home: defaultHome(), runtimeDirectory: defaultRuntimeDirectory() };
}

/** Makes the instance's directory and hold; nothing is started yet. On any error nothing is left. */
export async function createTmux(
  value: TmuxSpec,
  options: CreateOptions = {},
  { home, runtimeDirectory }: TmuxPlaces = defaultPlaces(),
): Promise<TmuxInstance> {
  const spec = parseTmuxSpec(value);
  const { name, env = {}, permission, log, maxQueue, completion } = spec;
  const layout = instanceLayout(join(home, 'instances', name), name);
  const record = recordOf(spec, layout.directory, serverSocket(runtimeDirectory, home));
  options.signal?.throwIfAborted();
  // Before the record is written down somewhere: it would take the other one's place.
  assertFree(layout, name);
  await options.onRecord?.(record);
  try {
    if (record.data.owner === 'ours') makeRuntimeDirectory(runtimeDirectory);
    const lock = await claimDirectory(layout, record, options);
    try {
      furnishPane(layout);
      return new TmuxInstance(record, { created: true, env, permission, log, maxQueue, lock, completion });
    } catch (error) {
      discard(layout);
      await lock.release();
      throw error;
    }
  } catch (error) {
    throw translated(name, error);
  }
}

function recordOf(spec: TmuxSpec, directory: string, ownSocket: string): TmuxRecord {
  const { name, env = {}, argv, socket, adopt, completion } = spec;
  return {
    version: 1,
    name,
    type: 'tmux',
    createdAt: new Date().toISOString(),
    program: programName(spec),
    workspace: spec.workspace ?? process.cwd(),
    data: {
      directory,
      instanceId: randomUUID(),
      programArgs: spec.programArgs ?? [],
      secrets: Object.keys(env),
      login: spec.login ?? 'instance',
      ephemeral: spec.ephemeral ?? false,
      ...(spec.stall && { stall: spec.stall }),
      socket: socket ?? ownSocket,
      owner: socket === undefined ? 'ours' : 'person',
      session: adopt?.session ?? `ccb-${name}`,
      adopted: adopt !== undefined,
      takeover: spec.takeover ?? 'wait',
      ...(argv !== undefined && { argv }),
      ...(completion !== undefined && { completion: recordedCompletion(completion) }),
    },
  };
}

function programName({ argv, adopt, program = 'shell' }: TmuxSpec): string {
  if (argv !== undefined) return basename(argv[0]);
  return adopt === undefined ? program : 'adopted';
}
