import {
  AgentInstance,
  agentChannelLimits,
  assertNamed,
  assertOwn,
  furnish,
  Hold,
  type InstanceLayout,
  instanceLayout,
  isHeldStill,
  killAgent,
  loginEnvironment,
  openObserverChannel,
  removeDirectory,
  translated,
  writeSettings,
} from '@ccb/container-agent';
import type { CallOptions, InstanceInfo, InstanceRecord, OpenOptions } from '@ccb/instance-interface';
import type { Call } from '@ccb/instance-interface/abstract';
import { type Channel, NamedPipeChannel } from '@ccb/named-pipe';
import { type FileLock, isLocked, whenFree } from '@ccb/named-pipe/lock';
import { spawnAgent } from './agent-process.ts';
import { createProcess } from './create.ts';
import { programEnvironment } from './environment.ts';
import { asProcessRecord, type ProcessData, type ProcessRecord } from './process-data.ts';
import type { ProcessSpec } from './process-spec.ts';

export interface ProcessOptions extends OpenOptions {
  readonly created?: boolean | undefined;
  readonly maxQueue?: number | undefined;
  /** The hold, if the caller took it already. */
  readonly lock?: FileLock | undefined;
}

/** A program beside an agent, both local processes that outlive their host. */
export class ProcessInstance extends AgentInstance {
  readonly #own: ProcessRecord;
  readonly #data: ProcessData;
  readonly #layout: InstanceLayout;
  readonly #observing: boolean;
  readonly #hold: Hold;

  /** @throws {InstanceError} CCB_RECORD_INVALID */
  constructor(record: InstanceRecord, options: ProcessOptions = {}) {
    const own = asProcessRecord(record);
    super(record, { ...options, created: options.created ?? false, secrets: options.env ?? {} });
    this.#own = own;
    this.#data = own.data;
    this.#layout = instanceLayout(own.data.directory, own.name);
    this.#observing = options.mode === 'observe';
    this.#hold = new Hold(this.#layout.lock, own.name, {
      held: options.lock,
      holder: options.holder,
      assertOwn: () => assertOwn(this.#layout, own),
    });
  }

  /** @throws {InstanceError} CCB_NAME_TAKEN, CCB_PROGRAM_NOT_FOUND @throws {TypeError} for a bad spec */
  static create(spec: Omit<ProcessSpec, 'type'>, options?: CallOptions): Promise<ProcessInstance> {
    return createProcess({ ...spec, type: 'process' }, options);
  }

  /**
   * Takes the hold, and the agent with it when one runs; a stopped instance stays stopped.
   * @throws {InstanceError} CCB_NOT_FOUND, CCB_LOCKED, CCB_RECORD_INVALID
   * @throws {TypeError} for a variable that the record does not name
   */
  static async open(record: InstanceRecord, options: ProcessOptions = {}): Promise<ProcessInstance> {
    const instance = new ProcessInstance(record, options);
    assertNamed(record.name, instance.#data.secrets, options.env ?? {});
    try {
      assertOwn(instance.#layout, instance.#own);
      await instance._open(options);
      return instance;
    } catch (error) {
      await instance.detach();
      throw translated(record.name, error);
    }
  }

  protected override _alive(): Promise<boolean> {
    return this.#translate(isLocked(this.#layout.agentLock));
  }

  protected override async _whenGone({ signal }: Call): Promise<void> {
    await whenFree(this.#layout.agentLock, { signal });
  }

  protected override async _launch({ signal }: Call): Promise<'launched' | 'running'> {
    const { name, program, workspace } = this.record;
    const layout = this.#layout;
    assertOwn(layout, this.#own);
    if (await this._alive()) return 'running';
    await this.#translate(furnish(layout, program));
    writeSettings(layout.settings, {
      version: 1,
      name,
      instanceId: this.#data.instanceId,
      pipes: layout.pipes,
      state: layout.state,
      program,
      programArgs: this.#data.programArgs,
      workspace: workspace ?? layout.home,
      env: { ...programEnvironment(), ...loginEnvironment(program, this.#data.login, layout.home, process.env) },
      secrets: this.#data.secrets,
      stall: this.#data.stall,
      ephemeral: this.#data.ephemeral ? { lock: layout.lock, directory: layout.directory } : undefined,
    });
    return await this.#translate(spawnAgent(layout, signal));
  }

  protected override async _channel({ signal }: Call): Promise<Channel> {
    const { pipes } = this.#layout;
    if (this.#observing) return await this.#translate(openObserverChannel(pipes, signal));
    // The hold is the lock here: it lies outside the pipes' directory, which other backends mount.
    return await this.#translate(
      NamedPipeChannel.connect(pipes, { ...agentChannelLimits, lock: false, lazy: true, signal }),
    );
  }

  protected override async _isHeldStill(): Promise<boolean> {
    return isHeldStill(this.#layout.agentLock);
  }

  protected override async _kill({ signal, graceMs }: Call & { readonly graceMs: number }): Promise<void> {
    const { agentLock: lock, state } = this.#layout;
    await killAgent({ lock, state, instanceId: this.#data.instanceId }, graceMs, signal);
  }

  protected override async _hold({ signal }: Call): Promise<void> {
    await this.#hold.take(signal);
  }

  protected override async _release(): Promise<void> {
    await this.#hold.release();
  }

  protected override async _cleanup(call: Call & { readonly remove: boolean }): Promise<void> {
    await this._end(call);
    if (call.remove) removeDirectory(this.#layout, this.#own);
    await this._release();
  }

  protected override async _info(call: Call): Promise<Partial<InstanceInfo>> {
    const holder = await this.#hold.holder();
    return { ...(await super._info(call)), transport: 'fifo', ...(holder === undefined ? {} : { holder }) };
  }

  async #translate<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      throw translated(this.name, error);
    }
  }
}
