import { instanceDirectories, readOwnRecord } from '@ccb/container-agent';
import type { CallOptions, Discovered } from '@ccb/instance-interface';
import { anySignal } from '@ccb/instance-interface/abstract';
import type { TmuxServer } from './control/control.ts';
import { answers } from './control/server-probe.ts';
import { acquireControl } from './control/shared-control.ts';
import type { TmuxPlaces } from './create.ts';
import { type FoundPane, labelledPanes } from './pane/panes.ts';
import { asTmuxRecord, type TmuxRecord } from './tmux-data.ts';

const discoverMs = 5_000;

/**
 * The tmux instances whose records lie under `<home>/instances`, and sessions on our own server that carry a label of
 * ours without a record. What cannot be read is described, not hidden; what has no label of ours is not looked at.
 */
export async function discoverTmux(
  { home }: TmuxPlaces,
  ownSocket: string,
  options: CallOptions = {},
): Promise<readonly Discovered[]> {
  const signal = anySignal(options.signal, AbortSignal.timeout(options.timeoutMs ?? discoverMs));
  const found: Discovered[] = [];
  const records: TmuxRecord[] = [];
  for (const directory of instanceDirectories(home)) {
    try {
      const record = readOwnRecord(directory, 'tmux', asTmuxRecord);
      if (record !== undefined) records.push(record);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      found.push({ type: 'tmux', description: `${directory} cannot be used: ${reason}`, ours: false });
    }
  }
  const panes = new Map<string, readonly FoundPane[]>();
  for (const socket of new Set([ownSocket, ...records.map(({ data }) => data.socket)]))
    panes.set(socket, await panesOf({ socket, owner: 'person' }, signal));
  for (const record of records) {
    const { socket, instanceId, session } = record.data;
    const pane = panes.get(socket)?.find((each) => each.instanceId === instanceId);
    const state = pane === undefined ? 'stopped' : `in tmux session ${session}`;
    const { name, program } = record;
    found.push({ type: 'tmux', name, record, description: `${program}, ${state}`, ours: true });
  }
  const known = new Set(records.map(({ data }) => data.instanceId));
  for (const { instanceId, session } of panes.get(ownSocket) ?? []) {
    if (known.has(instanceId)) continue;
    const description = `tmux session ${session} without a record; \`tmux -S ${ownSocket} kill-session -t =${session}\` ends it`;
    found.push({ type: 'tmux', description, ours: true });
  }
  return found;
}

async function panesOf(server: TmuxServer, signal: AbortSignal): Promise<readonly FoundPane[]> {
  if (!(await answers(server.socket))) return [];
  const control = await acquireControl(server, { signal });
  try {
    return await labelledPanes(control, { signal });
  } finally {
    await control.release();
  }
}
