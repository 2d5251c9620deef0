// (e) a third-party backend: a command per ssh (any argv prefix), <= 80 lines
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { AbstractInstance, type Call, type Command, type RunEnd } from '../abstract.ts';
import {
  type Backend,
  type CreateOptions,
  InstanceError,
  type InstanceRecord,
  type InstanceSpec,
  type OpenOptions,
} from '../index.ts';

export interface SshSpec extends InstanceSpec {
  readonly type: 'ssh';
  readonly argv: readonly [string, ...string[]];
}
export interface SshData {
  readonly argv: readonly [string, ...string[]];
}

function isArgv(value: unknown): value is readonly [string, ...string[]] {
  return Array.isArray(value) && value.length > 0 && value.every((part) => typeof part === 'string');
}
function dataOf(record: InstanceRecord): SshData {
  const data = record.data as { argv?: unknown } | null;
  if (!isArgv(data?.argv))
    throw new InstanceError('CCB_RECORD_INVALID', `${record.name}: data.argv must be a list of strings`);
  return { argv: data.argv };
}

export class SshInstance extends AbstractInstance {
  readonly #argv: readonly [string, ...string[]];
  #child: ChildProcess | undefined;

  constructor(record: InstanceRecord, options: OpenOptions & { readonly created?: boolean } = {}) {
    super(record, {
      ...options,
      created: options.created ?? false,
      capabilities: { interrupt: true, exitCode: true, exactOutput: true },
    });
    this.#argv = dataOf(record).argv;
  }
  protected async _start({ signal }: Call): Promise<void> {
    const [file, ...args] = this.#argv;
    const child = spawn(file, [...args, 'true'], { stdio: 'ignore', signal });
    const [code] = (await once(child, 'exit', { signal })) as [number | null];
    if (code !== 0)
      throw new InstanceError(
        'CCB_BACKEND_UNREACHABLE',
        `${this.#argv.join(' ')} exits ${code}. Can you run it by hand?`,
        { retryable: true },
      );
  }
  protected async *_run(command: Command): AsyncGenerator<string, RunEnd, void> {
    const [file, ...args] = this.#argv;
    const child = spawn(file, [...args, command.text], {
      stdio: ['ignore', 'pipe', 'ignore'],
      signal: command.signal,
      detached: true,
    });
    this.#child = child;
    const ended = once(child, 'close') as Promise<[number | null, string | null]>;
    ended.catch(() => {});
    try {
      child.stdout.setEncoding('utf8');
      for await (const text of child.stdout) yield text as string;
      const [exitCode, signal] = await ended;
      if (exitCode === null)
        return {
          success: false,
          completedBy: 'exit',
          error: { code: 'signal', message: `ended by ${signal}`, retryable: false },
        };
      return { success: exitCode === 0, completedBy: 'exit', exitCode };
    } finally {
      this.#kill('SIGKILL');
      this.#child = undefined;
    }
  }
  protected async _interrupt(): Promise<void> {
    this.#kill('SIGINT');
  }
  protected async _probe({ signal }: Call): Promise<boolean> {
    await this._start({ signal });
    return true;
  }
  protected async _stop(): Promise<void> {
    this.#kill('SIGTERM');
  }
  protected async _cleanup(): Promise<void> {
    this.#kill('SIGKILL');
  }
  #kill(signal: NodeJS.Signals): void {
    if (this.#child?.pid === undefined) return;
    try {
      process.kill(-this.#child.pid, signal);
    } catch {
      /* gone */
    }
  }
}

export const sshBackend: Backend<SshSpec, SshInstance> = {
  type: 'ssh',
  parseSpec(value: unknown): SshSpec {
    const spec = value as Partial<SshSpec>;
    if (typeof spec.name !== 'string' || !isArgv(spec.argv)) throw new TypeError('ssh: name and argv are required');
    return { ...spec, type: 'ssh', name: spec.name, argv: spec.argv };
  },
  async create(spec: SshSpec, options?: CreateOptions): Promise<SshInstance> {
    options?.signal?.throwIfAborted();
    const record: InstanceRecord = {
      version: 1,
      name: spec.name,
      type: 'ssh',
      createdAt: new Date().toISOString(),
      program: 'shell',
      data: { argv: spec.argv },
    };
    await options?.onRecord?.(record);
    return new SshInstance(record, { log: spec.log, permission: spec.permission, created: true });
  },
  async open(record: InstanceRecord, options?: OpenOptions): Promise<SshInstance> {
    return new SshInstance(record, options);
  },
};
