import { AbstractInstance, type AbstractInstanceOptions, type Call, type Command, type RunEnd } from '../abstract.ts';
import type {
  Capabilities,
  CommandUpdate,
  InstanceError,
  InstanceInfo,
  InstanceRecord,
  PermissionRequest,
} from '../index.ts';

export type RunGenerator = AsyncGenerator<string | Exclude<CommandUpdate, { type: 'end' }>, RunEnd, void>;

/** What a test wants the backend to do; the rest succeeds at once, and `run` echoes its text. */
export interface Script {
  start(call: Call): Promise<void>;
  stop(call: Call & { readonly graceMs: number }): Promise<void>;
  run(command: Command): RunGenerator;
  interrupt(command: Command, call: Call): Promise<void>;
  probe(call: Call): Promise<boolean>;
  cleanup(call: Call & { readonly remove: boolean }): Promise<void>;
  detach(call: Call): Promise<void>;
  info(call: Call): Promise<Partial<InstanceInfo>>;
}

export const completed: RunEnd = Object.freeze({ success: true, completedBy: 'program' });

/** All capabilities that a backend without a journal can have. */
export const able: Capabilities = Object.freeze({
  interrupt: true,
  permissions: true,
  exitCode: true,
  exactOutput: true,
  resume: true,
  history: false,
  detach: true,
});

export function recordOf(name: string): InstanceRecord {
  return { version: 1, name, type: 'scripted', createdAt: '2026-01-02T03:04:05.000Z', program: 'echo', data: {} };
}

/** A backend in memory that does what the test says; `calls` tells which of its methods were called, in order. */
export class ScriptedInstance extends AbstractInstance {
  readonly calls: string[] = [];
  readonly script: Partial<Script>;

  constructor(
    script: Partial<Script> = {},
    options: Partial<AbstractInstanceOptions> & { readonly name?: string } = {},
  ) {
    super(recordOf(options.name ?? 'scripted'), { capabilities: able, created: true, ...options });
    this.script = script;
  }

  move(to: 'running' | 'unreachable' | 'stopped' | 'failed', reason: string, error?: InstanceError): void {
    this._moved(to, reason, error);
  }

  protected async _start(call: Call): Promise<void> {
    this.calls.push('start');
    await this.script.start?.(call);
  }

  protected async _stop(call: Call & { readonly graceMs: number }): Promise<void> {
    this.calls.push(`stop ${call.graceMs}`);
    await this.script.stop?.(call);
  }

  protected async *_run(command: Command): RunGenerator {
    this.calls.push(`run ${command.text}`);
    if (this.script.run !== undefined) return yield* this.script.run(command);
    yield command.text;
    return completed;
  }

  protected async _interrupt(command: Command, call: Call): Promise<void> {
    this.calls.push(`interrupt ${command.text}`);
    await this.script.interrupt?.(command, call);
  }

  protected async _probe(call: Call): Promise<boolean> {
    this.calls.push('probe');
    return (await this.script.probe?.(call)) ?? true;
  }

  protected async _cleanup(call: Call & { readonly remove: boolean }): Promise<void> {
    this.calls.push(`cleanup ${call.remove}`);
    await this.script.cleanup?.(call);
  }

  protected override async _detach(call: Call): Promise<void> {
    this.calls.push('detach');
    await this.script.detach?.(call);
  }

  protected override async _info(call: Call): Promise<Partial<InstanceInfo>> {
    return (await this.script.info?.(call)) ?? {};
  }
}

/** Says `texts`, then waits until it is interrupted, given up, or told to go on; counts nothing, leaves nothing. */
export function hanging(...texts: string[]): Pick<Script, 'run' | 'interrupt'> & { release(): void } {
  const interrupted = deferred<RunEnd>();
  return {
    async *run(command) {
      yield* texts;
      const abandoned = deferred<RunEnd>();
      const onAbort = (): void => abandoned.reject(command.signal.reason);
      command.signal.addEventListener('abort', onAbort, { once: true });
      return await Promise.race([interrupted.promise, abandoned.promise]);
    },
    async interrupt() {
      interrupted.resolve({ success: false, completedBy: 'program', exitCode: 130 });
    },
    release: () => interrupted.resolve(completed),
  };
}

export const question: PermissionRequest = Object.freeze({
  requestId: 'q1',
  toolCall: { title: 'rm -r build' },
  options: [
    { optionId: 'yes', name: 'Yes', kind: 'allow_once' },
    { optionId: 'ever', name: 'Always', kind: 'allow_always' },
    { optionId: 'no', name: 'No', kind: 'reject_once' },
  ],
} satisfies PermissionRequest);

export interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(reason: unknown): void;
}

export function deferred<T = void>(): Deferred<T> {
  let resolve: (value: T) => void = () => {};
  let reject: (reason: unknown) => void = () => {};
  const promise = new Promise<T>((...settle) => {
    [resolve, reject] = settle;
  });
  promise.catch(() => {});
  return { promise, resolve, reject };
}

export async function collect<T>(iterable: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of iterable) all.push(item);
  return all;
}
