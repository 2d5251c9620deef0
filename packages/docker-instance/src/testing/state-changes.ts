import type { InstanceInterface, InstanceState, StateChange } from '@ccb/instance-interface';

const WAIT_MS = 10_000;

/** The next move to this state, or to any. Rejects after 10 s. */
export function whenMoved(instance: InstanceInterface, to?: InstanceState): Promise<StateChange> {
  return new Promise((resolve, reject) => {
    const over = setTimeout(() => {
      undo();
      reject(new Error(`${instance.name} is ${instance.state}, and did not become ${to ?? 'anything else'}`));
    }, WAIT_MS);
    const undo = instance.onStateChange((change) => {
      if (to !== undefined && change.to !== to) return;
      clearTimeout(over);
      undo();
      resolve(change);
    });
  });
}
