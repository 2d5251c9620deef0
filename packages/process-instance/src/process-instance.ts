import { statSync } from 'node:fs';
import {
  AgentInstance,
  type InstanceLayout,
  instanceLayout,
  killAgent,
  openObserverChannel,
  writeSettings,
} from '@ccb/container-agent';
import {
  type CallOptions,
  InstanceError,
  type InstanceInfo,
  type InstanceRecord,
  type OpenOptions,
} from '@ccb/instance-interface';
import type { Call } from '@ccb/instance-interface/abstract';
import { type Channel, NamedPipeChannel, NamedPipeError } from '@ccb/named-pipe';
import { acquireLock, type FileLock, isLocked, readHolder } from '@ccb/named-pipe/lock';
import { spawnAgent } from './agent-process.ts';
import { createProcess } from './create.ts';
import { programEnvironment } from './environment.ts';
import { makePipes, removeDirectory } from './instance-directory.ts';
import { type ProcessData, processData } from './process-data.ts';
import type { ProcessSpec } from './process-spec.ts';

export interface ProcessOptions extends OpenOptions {
  readonly created?: boolean | undefined;
  readonly maxQueue?: number | undefined;
  /** The hold, if the caller took it already. */
  readonly lock?: FileLock | undefined;
}

/** A program beside an agent, both local processes that outlive their host. */
export class ProcessInstance extends AgentInstance {
  readonly #data: ProcessData;
  readonly #layout: InstanceLayout;
  readonly #observing: boolean;
  #lock: FileLock | undefined;

  /** @throws {InstanceError} CCB_RECORD_INVALID */
  constructor(record: InstanceRecord, options: ProcessOptions = {}) {
    const data = processData(record);
    super(record, { ...options, created: options.created ?? false, secrets: options.env ?? {} });
    this.#data = data;
    this.#layout = instanceLayout(data.directory, record.name);
    this.#observing = options.mode === 'observe';
    this.#lock = options.lock;
  }

  /** @throws {InstanceError} CCB_NAME_TAKEN, CCB_PROGRAM_NOT_FOUND @throws {TypeError} for a bad spec */
  static create(spec: Omit<ProcessSpec, 'type'>, options?: CallOptions): Promise<ProcessInstance> {
    return createProcess({ ...spec, type: 'process' }, options);
  }

  /**
   * Takes the hold, and the agent with it when one runs; a stopped instance stays stopped.
   * @throws {InstanceError} CCB_NOT_FOUND, CCB_LOCKED, CCB_RECORD_INVALID
   */
  static async open(record: InstanceRecord, options: ProcessOptions = {}): Promise<ProcessInstance> {
    const { directory } = processData(record);
    if (statSync(directory, { throwIfNoEntry: false }) === undefined) throw goneError(record.name, directory);
    const instance = new ProcessInstance(record, options);
    try {
      await instance._open(options);
      return instance;
    } catch (error) {
      await instance.detach();
      throw error;
    }
  }

  protected override _alive(): Promise<boolean> {
    return isLocked(this.#layout.agentLock);
  }

  protected override async _launch({ signal }: Call): Promise<'launched' | 'running'> {
    const { name, program, workspace } = this.record;
    const layout = this.#layout;
    if (statSync(layout.directory, { throwIfNoEntry: false }) === undefined) throw goneError(name, layout.directory);
    if (await this._alive()) return 'running';
    await makePipes(layout);
    writeSettings(layout.settings, {
      version: 1,
      name,
      instanceId: this.#data.instanceId,
      pipes: layout.pipes,
      state: layout.state,
      program,
      programArgs: this.#data.programArgs,
      workspace: workspace ?? layout.home,
      env: programEnvironment(),
      secrets: this.#data.secrets,
      ephemeral: this.#data.ephemeral ? { lock: layout.lock, directory: layout.directory } : undefined,
    });
    return await spawnAgent(layout, signal);
  }

  protected override async _channel({ signal }: Call): Promise<Channel> {
    if (this.#observing) return await openObserverChannel(this.#layout.pipes, signal);
    // The hold is the lock here: it lies outside the pipes' directory, which other backends mount.
    return await NamedPipeChannel.connect(this.#layout.pipes, { lock: false, lazy: true, signal });
  }

  protected override async _kill({ signal, graceMs }: Call & { readonly graceMs: number }): Promise<void> {
    const { agentLock: lock, state } = this.#layout;
    await killAgent({ lock, state, instanceId: this.#data.instanceId }, graceMs, signal);
  }

  protected override async _hold({ signal }: Call): Promise<void> {
    if (this.#lock !== undefined) return;
    const { name } = this;
    try {
      this.#lock = await acquireLock(this.#layout.lock, { signal });
    } catch (cause) {
      if (!(cause instanceof NamedPipeError) || cause.code !== 'CCB_PIPE_LOCKED') throw cause;
      const by =
        cause.holder === undefined
          ? ''
          : ` by process ${cause.holder.pid} (${cause.holder.command}) since ${cause.holder.since}`;
      const message = `${name} is held${by}. End that one, or open the instance with mode 'observe'.`;
      throw new InstanceError('CCB_LOCKED', message, { cause, retryable: true, instance: name });
    }
  }

  protected override async _release(): Promise<void> {
    const lock = this.#lock;
    this.#lock = undefined;
    await lock?.release();
  }

  protected override async _cleanup(call: Call & { readonly remove: boolean }): Promise<void> {
    await this._end(call);
    if (call.remove) removeDirectory(this.#layout);
    await this._release();
  }

  protected override async _info(call: Call): Promise<Partial<InstanceInfo>> {
    const holder = readHolder(this.#layout.lock);
    return { ...(await super._info(call)), transport: 'fifo', ...(holder === undefined ? {} : { holder }) };
  }
}

function goneError(name: string, directory: string): InstanceError {
  const message = `${name}: its directory ${directory} is gone. The instance was removed; create it again, or forget its record.`;
  return new InstanceError('CCB_NOT_FOUND', message, { instance: name });
}
