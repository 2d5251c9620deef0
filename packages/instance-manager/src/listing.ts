import { instanceLayout } from '@ccb/container-agent';
import type { CallOptions, InstanceRecord, LiveState } from '@ccb/instance-interface';
import { areLocked, type LockHolder, readHolder } from '@ccb/named-pipe/lock';
import type { BackendSources } from './backend-sources.ts';
import { allRecords, isEphemeral, placeOf } from './instance-place.ts';
import { observedState } from './observed-state.ts';

/** One line of a list. */
export interface ListedInstance extends LiveState {
  readonly name: string;
  /** Absent where the record cannot be read; `problem` says why. */
  readonly record?: InstanceRecord | undefined;
  readonly ephemeral: boolean;
  /** Who holds it now. */
  readonly holder?: LockHolder | undefined;
}

/** What there is, with its state of this moment: each backend is asked once for all of its instances. */
export async function listInstances(
  home: string,
  backends: BackendSources,
  call: CallOptions,
): Promise<readonly ListedInstance[]> {
  const all = allRecords(home);
  const readable = all.flatMap(({ record }) => (record instanceof Error ? [] : [record]));
  const [states, holders] = await Promise.all([
    statesOf(readable, backends, call),
    holdersOf(
      home,
      all.map(({ name }) => name),
      call,
    ),
  ]);
  return all.map(({ name, record }): ListedInstance => {
    const holder = holders.get(name);
    const held = holder === undefined ? {} : { holder };
    if (record instanceof Error) return { name, ephemeral: false, state: 'failed', problem: record.message, ...held };
    const live = states.get(record) ?? { state: 'unreachable' };
    return { name, record, ephemeral: isEphemeral(record), ...live, ...held };
  });
}

async function statesOf(
  records: readonly InstanceRecord[],
  backends: BackendSources,
  call: CallOptions,
): Promise<ReadonlyMap<InstanceRecord, LiveState>> {
  const states = new Map<InstanceRecord, LiveState>();
  const types = new Set(records.map(({ type }) => type));
  await Promise.all(
    [...types].map(async (type) => {
      const own = records.filter((record) => record.type === type);
      const found = await statesOfType(type, own, backends, call);
      own.forEach((record, index) => {
        states.set(record, found[index] ?? { state: 'unreachable' });
      });
    }),
  );
  return states;
}

async function statesOfType(
  type: string,
  records: readonly InstanceRecord[],
  backends: BackendSources,
  call: CallOptions,
): Promise<readonly LiveState[]> {
  try {
    const backend = await backends.load(type);
    if (backend.states !== undefined) return await backend.states(records, call);
    return await Promise.all(records.map((record) => observedState(backend, record, call)));
  } catch (error) {
    call.signal?.throwIfAborted();
    const problem = error instanceof Error ? error.message : String(error);
    return records.map(() => ({ state: 'unreachable', problem }));
  }
}

/** A hold that was let go of leaves no word, so only what has one is looked at. */
async function holdersOf(
  home: string,
  names: readonly string[],
  call: CallOptions,
): Promise<ReadonlyMap<string, LockHolder>> {
  const said = names.flatMap((name) => {
    const { lock } = instanceLayout(placeOf(home, name).directory, name);
    try {
      const holder = readHolder(lock);
      return holder === undefined ? [] : [{ name, lock, holder }];
    } catch {
      // Removed just now, or not a lock: its record tells more.
      return [];
    }
  });
  const locked = await areLocked(
    said.map(({ lock }) => lock),
    call,
  );
  return new Map(said.flatMap(({ name, holder }, index) => (locked[index] ? [[name, holder]] : [])));
}
