import { moveDirectory } from '@ccb/container-agent';
import { type CallOptions, InstanceError } from '@ccb/instance-interface';
import { tmuxStates } from './live-states.ts';
import type { TmuxRecord } from './tmux-data.ts';

/** The session of a stopped instance is gone; the next one has the new name. One that was adopted keeps its own. */
export async function renameTmux(record: TmuxRecord, name: string, call: CallOptions = {}): Promise<TmuxRecord> {
  return await moveDirectory(record, name, {
    ...call,
    isAlive: async () => {
      const [live] = await tmuxStates([record], call);
      if (live?.state === 'unreachable')
        throw new InstanceError('CCB_BACKEND_UNREACHABLE', `${record.name}: ${live.problem}`, {
          instance: record.name,
        });
      return live?.state === 'running' && !record.data.adopted;
    },
    renamed: (moved) => (moved.data.adopted ? moved : { ...moved, data: { ...moved.data, session: `ccb-${name}` } }),
  });
}
