import type { Backend, InstanceRecord, InstanceSpec, OpenOptions, RunEnd } from '@ccb/instance-interface';
import { AbstractInstance, type Command } from '@ccb/instance-interface/abstract';

/** A backend by somebody else: it keeps nothing on this machine and knows nothing of holds. */
class EchoInstance extends AbstractInstance {
  constructor(record: InstanceRecord, options: OpenOptions & { readonly created: boolean }) {
    super(record, { ...options, capabilities: { interrupt: true, exactOutput: true, detach: true } });
  }

  protected async _start(): Promise<void> {}
  protected async _stop(): Promise<void> {}
  protected async _interrupt(): Promise<void> {}
  protected async _cleanup(): Promise<void> {}
  protected async _probe(): Promise<boolean> {
    return true;
  }

  protected async *_run({ text }: Command): AsyncGenerator<string, RunEnd, void> {
    yield `${text}\n`;
    return { success: true, completedBy: 'program' };
  }
}

export const echoBackend: Backend<InstanceSpec, EchoInstance> = {
  type: 'echo',
  parseSpec: (value) => value as InstanceSpec,
  async create({ name }, options) {
    const createdAt = new Date().toISOString();
    const record: InstanceRecord = { version: 1, name, type: 'echo', createdAt, program: 'echo', data: { made: name } };
    await options?.onRecord?.(record);
    return new EchoInstance(record, { created: true });
  },
  open: async (record, options) => new EchoInstance(record, { ...options, created: false }),
};
