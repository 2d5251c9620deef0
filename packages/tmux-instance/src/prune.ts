import { instanceDirectories, instanceLayout, readOwnRecord, removeDirectory } from '@ccb/container-agent';
import type { Pruned, PruneOptions } from '@ccb/instance-interface';
import { anySignal, type Call } from '@ccb/instance-interface/abstract';
import { acquireLock } from '@ccb/named-pipe/lock';
import type { Control } from './control/control.ts';
import { inTurn } from './control/server-lock.ts';
import { answers } from './control/server-probe.ts';
import { acquireControl } from './control/shared-control.ts';
import { type FoundPane, labelledPanes } from './pane/panes.ts';
import { asTmuxRecord, type TmuxRecord } from './tmux-data.ts';

const pruneMs = 10_000;

/**
 * Removes what nobody has any more: ephemeral instances whose holder died, with their panes, and panes on our own server
 * that carry a label of ours and belong to no record. Bounded by 10 s.
 */
export async function pruneTmux(
  home: string,
  ownSocket: string,
  { dryRun = false, signal, timeoutMs = pruneMs }: PruneOptions = {},
): Promise<readonly Pruned[]> {
  const call = { signal: anySignal(AbortSignal.timeout(timeoutMs), signal) };
  const swept = await sweepEphemeral(home, { dryRun, ...call });
  const strays = await onServer(ownSocket, call, async (control) => {
    const panes = await labelledPanes(control, call);
    // After the panes: an instance has its directory before it has a pane.
    const known = instanceIds(home);
    const without = panes.filter(({ instanceId }) => !known.has(instanceId));
    if (!dryRun) for (const pane of without) await endPane(ownSocket, control, pane, call);
    return without;
  });
  return [...swept, ...(strays ?? []).map(strayOf)];
}

/** Only the instances that ended with their holder. */
export async function sweepEphemeral(
  home: string,
  { dryRun = false, signal = AbortSignal.timeout(pruneMs) }: PruneOptions = {},
): Promise<readonly Pruned[]> {
  const swept: Pruned[] = [];
  for (const directory of instanceDirectories(home)) {
    try {
      const record = readOwnRecord(directory, 'tmux', asTmuxRecord);
      if (record === undefined || !record.data.ephemeral) continue;
      const layout = instanceLayout(directory, record.name);
      // Held while it is removed, so that nobody opens what is about to go. Locked: its holder lives.
      await using _hold = await acquireLock(layout.lock, { signal });
      if (!dryRun) {
        await endPaneOf(record, { signal });
        removeDirectory(layout, record);
      }
      swept.push({ type: 'tmux', name: record.name, description: 'an ephemeral instance whose holder died' });
    } catch {
      // Another instance's trouble, which discovery shows; it is no reason not to make a new one.
    }
  }
  return swept;
}

async function endPaneOf({ data }: TmuxRecord, call: Call): Promise<void> {
  await onServer(data.socket, call, async (control) => {
    const pane = (await labelledPanes(control, call)).find((each) => each.instanceId === data.instanceId);
    if (pane !== undefined) await endPane(data.socket, control, pane, call);
  });
}

/** undefined: there is no server. */
async function onServer<T>(socket: string, call: Call, work: (control: Control) => Promise<T>): Promise<T | undefined> {
  if (!(await answers(socket))) return undefined;
  const control = await acquireControl({ socket, owner: 'person' }, call);
  try {
    return await work(control);
  } finally {
    await control.release();
  }
}

/** Of every directory, also of those that cannot be read: then nothing is known to be nobody's. */
function instanceIds(home: string): { has(instanceId: string): boolean } {
  const ids = new Set<string>();
  for (const directory of instanceDirectories(home)) {
    try {
      const record = readOwnRecord(directory, 'tmux', asTmuxRecord);
      if (record !== undefined) ids.add(record.data.instanceId);
    } catch {
      return { has: () => true };
    }
  }
  return ids;
}

function strayOf({ session }: FoundPane): Pruned {
  return { type: 'tmux', description: `tmux session ${session}, left of an instance whose directory is gone` };
}

async function endPane(socket: string, control: Control, { id }: FoundPane, call: Call): Promise<void> {
  await inTurn(socket, call, () => control.run([['kill-pane', '-t', id]], call));
}
