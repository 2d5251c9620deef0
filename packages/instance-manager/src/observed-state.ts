import {
  type Backend,
  type CallOptions,
  InstanceError,
  type InstanceRecord,
  type LiveState,
} from '@ccb/instance-interface';

const OBSERVE_MS = 5_000;

/** Of one instance, for a backend that cannot tell of many at once. */
export async function observedState(
  backend: Backend,
  record: InstanceRecord,
  { signal, timeoutMs = OBSERVE_MS }: CallOptions,
): Promise<LiveState> {
  const call = { signal, timeoutMs };
  try {
    const instance = await backend.open(record, { mode: 'observe', ...call });
    try {
      const { state, problem } = await instance.getInfo(call);
      const said = problem === undefined ? {} : { problem };
      if (state === 'running' || state === 'starting') return { state: 'running', ...said };
      if (state === 'unreachable' || state === 'failed') return { state, ...said };
      return { state: 'stopped', ...said };
    } finally {
      // What cannot live without a handle is not alive anywhere else.
      await (instance.capabilities.detach ? instance.detach(call) : instance.cleanup({ ...call, remove: false }));
    }
  } catch (error) {
    signal?.throwIfAborted();
    const problem = error instanceof Error ? error.message : String(error);
    return { state: InstanceError.is(error, 'CCB_NOT_FOUND') ? 'failed' : 'unreachable', problem };
  }
}
