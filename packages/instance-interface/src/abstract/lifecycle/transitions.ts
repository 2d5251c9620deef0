import type { InstanceState } from '../../state.ts';

/** Every legal move. Nothing leads out of `closed`. */
export const transitions: Readonly<Record<InstanceState, readonly InstanceState[]>> = {
  stopped: ['starting', 'running', 'unreachable', 'stopping', 'failed', 'closed'],
  starting: ['running', 'stopping', 'failed', 'closed'],
  running: ['unreachable', 'stopping', 'stopped', 'failed', 'closed'],
  unreachable: ['starting', 'running', 'stopping', 'stopped', 'failed', 'closed'],
  stopping: ['stopped', 'failed', 'closed'],
  failed: ['starting', 'running', 'unreachable', 'stopping', 'stopped', 'closed'],
  closed: [],
};
