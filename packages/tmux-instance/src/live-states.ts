import { type CallOptions, InstanceError, type InstanceRecord, type LiveState } from '@ccb/instance-interface';
import { anySignal } from '@ccb/instance-interface/abstract';
import { answers } from './control/server-probe.ts';
import { acquireControl } from './control/shared-control.ts';
import { type FoundPane, labelledPanes } from './pane/panes.ts';
import { asTmuxRecord } from './tmux-data.ts';

const statesMs = 5_000;

/** One list of panes for each server tells of all instances on it. */
export async function tmuxStates(
  values: readonly InstanceRecord[],
  { signal, timeoutMs = statesMs }: CallOptions = {},
): Promise<readonly LiveState[]> {
  const call = { signal: anySignal(AbortSignal.timeout(timeoutMs), signal) };
  const records = values.map(asTmuxRecord);
  const servers = new Map<string, readonly FoundPane[] | InstanceError>();
  for (const socket of new Set(records.map(({ data }) => data.socket)))
    servers.set(socket, await panesOn(socket, call));
  return records.map(({ data }): LiveState => {
    const panes = servers.get(data.socket) ?? [];
    if (panes instanceof InstanceError) return { state: 'unreachable', problem: panes.message };
    const pane = panes.find(({ instanceId }) => instanceId === data.instanceId);
    if (pane === undefined) return { state: 'stopped' };
    return pane.dead ? { state: 'failed', problem: 'its program has ended' } : { state: 'running' };
  });
}

async function panesOn(
  socket: string,
  call: { readonly signal: AbortSignal },
): Promise<readonly FoundPane[] | InstanceError> {
  if (!(await answers(socket))) return [];
  try {
    const control = await acquireControl({ socket, owner: 'person' }, call);
    try {
      return await labelledPanes(control, call);
    } finally {
      await control.release();
    }
  } catch (error) {
    if (error instanceof InstanceError) return error;
    throw error;
  }
}
