// A backend of one's own: each command through any argv prefix, such as ["ssh", "host"] or ["sh", "-c"].
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  type Backend,
  InstanceError,
  type InstanceRecord,
  type InstanceSpec,
  type OpenOptions,
  type RunEnd,
} from '@ccb/instance-interface';
import { AbstractInstance, type Call, type Command } from '@ccb/instance-interface/abstract';

export interface SshSpec extends InstanceSpec {
  readonly type: 'ssh';
  readonly argv: readonly [string, ...string[]];
}
type Argv = SshSpec['argv'];

function isArgv(value: unknown): value is Argv {
  return Array.isArray(value) && value.length > 0 && value.every((part) => typeof part === 'string');
}

export class SshInstance extends AbstractInstance {
  readonly #argv: Argv;
  #child: ChildProcess | undefined;

  constructor(
    record: InstanceRecord,
    options: OpenOptions & { created?: boolean; maxQueue?: number | undefined } = {},
  ) {
    const capabilities = { interrupt: true, exitCode: true, exactOutput: true };
    super(record, { ...options, created: options.created ?? false, capabilities });
    const { argv } = (record.data ?? {}) as { argv?: unknown };
    if (!isArgv(argv)) {
      throw new InstanceError('CCB_RECORD_INVALID', `${record.name}: data.argv must be a list of strings`);
    }
    this.#argv = argv;
  }

  protected async _start({ signal }: Call): Promise<void> {
    const [file, ...args] = this.#argv;
    const child = spawn(file, [...args, 'true'], { stdio: 'ignore', signal });
    const [code] = (await once(child, 'exit', { signal })) as [number | null];
    if (code === 0) return;
    const message = `${this.#argv.join(' ')} exits ${code}. Can you run it by hand?`;
    throw new InstanceError('CCB_BACKEND_UNREACHABLE', message, { retryable: true });
  }

  protected async *_run(command: Command): AsyncGenerator<string, RunEnd, void> {
    const [file, ...args] = this.#argv;
    const child = spawn(file, [...args, command.text], { stdio: ['ignore', 'pipe', 'ignore'], detached: true });
    this.#child = child;
    const ended = once(child, 'close') as Promise<[number | null, string | null]>;
    ended.catch(() => {});
    command.signal.addEventListener('abort', () => this.#kill('SIGKILL'), { once: true });
    try {
      child.stdout.setEncoding('utf8');
      for await (const text of child.stdout) yield text as string;
      const [exitCode, signal] = await ended;
      if (exitCode !== null) return { success: exitCode === 0, completedBy: 'exit', exitCode };
      const error = { code: 'CCB_PROGRAM_EXITED', message: `ended by ${signal}`, retryable: false };
      return { success: false, completedBy: 'exit', error };
    } finally {
      this.#kill('SIGKILL');
      this.#child = undefined;
    }
  }

  protected async _interrupt(): Promise<void> {
    this.#kill('SIGINT');
  }

  protected async _probe(call: Call): Promise<boolean> {
    await this._start(call);
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
      // gone
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
  async create(spec, options): Promise<SshInstance> {
    const { name, argv, log, permission, maxQueue } = spec;
    options?.signal?.throwIfAborted();
    const createdAt = new Date().toISOString();
    const record: InstanceRecord = { version: 1, name, type: 'ssh', createdAt, program: 'shell', data: { argv } };
    await options?.onRecord?.(record);
    return new SshInstance(record, { log, permission, maxQueue, created: true });
  },
  async open(record, options): Promise<SshInstance> {
    return new SshInstance(record, options);
  },
};

/** How ccb loads it: `{"backends": {"ssh": {"package": "ccb-ssh-backend", "spec": {"argv": ["ssh", "host"]}}}}`. */
export function backend(): Backend<SshSpec, SshInstance> {
  return sshBackend;
}
