import {
  AgentInstance,
  assertNamed,
  assertOwn,
  Hold,
  type InstanceLayout,
  instanceLayout,
  removeDirectory,
  translated,
} from '@ccb/container-agent';
import {
  type CallOptions,
  InstanceError,
  type InstanceInfo,
  type InstanceRecord,
  type OpenOptions,
} from '@ccb/instance-interface';
import type { Call } from '@ccb/instance-interface/abstract';
import type { Channel } from '@ccb/named-pipe';
import type { FileLock } from '@ccb/named-pipe/lock';
import type { AgentPlace } from './agent/agent-place.ts';
import { ExecPerCommand, type ExecPerCommandScene } from './agent/exec-per-command.ts';
import { hostPid } from './agent/host-pid.ts';
import { TransportChoice } from './agent/transport.ts';
import { whenDown } from './agent/when-down.ts';
import { asDockerRecord, type DockerData, type DockerRecord } from './container/docker-data.ts';
import type { DockerSpec } from './container/docker-spec.ts';
import { type DockerInfo, dockerInfo } from './container/info.ts';
import { inspection } from './container/own-container.ts';
import { StateWatch } from './container/state-watch.ts';
import { createContainer } from './create.ts';
import type { DockerClient } from './engine/docker-client.ts';
import type { Engine, ExecResult, LogLine, LogOptions } from './engine/engine.ts';
import { type EngineShare, shareEngine } from './engine/shared-engine.ts';
import { placeOf } from './place.ts';

/** ms in which the engine knows that a container has ended whose pipes were closed. */
const END_MS = 1_000;

export interface DockerOptions extends OpenOptions {
  /** A dockerode client of the caller's: used, never closed. Default: the engine that `DOCKER_HOST`, the docker context or the usual sockets name. */
  readonly docker?: DockerClient | undefined;
}

/** What only those who make instances hand over. */
export interface MadeOptions extends DockerOptions {
  readonly created?: boolean | undefined;
  readonly maxQueue?: number | undefined;
  readonly lock?: FileLock | undefined;
  readonly engine?: EngineShare | undefined;
}

export interface DockerInfoOptions extends CallOptions {
  /** Also what it uses now, which the engine takes a second to measure. Default false. */
  readonly usage?: boolean | undefined;
}

/** A program beside an agent in a Docker container. */
export class DockerContainer extends AgentInstance {
  readonly #own: DockerRecord;
  readonly #data: DockerData;
  readonly #layout: InstanceLayout;
  readonly #observing: boolean;
  readonly #hold: Hold;
  readonly #docker: DockerClient | undefined;
  #share: EngineShare | undefined;
  #place: AgentPlace | undefined;
  #transport: TransportChoice | undefined;
  #watch: StateWatch | undefined;

  /** @throws {InstanceError} CCB_RECORD_INVALID naming the missing docker field */
  constructor(record: InstanceRecord, options: MadeOptions = {}) {
    const own = asDockerRecord(record);
    const { env = {}, created = false } = options;
    const direct = own.data.placement === 'none' ? new ExecPerCommand(() => this.#perCommand(env)) : undefined;
    super(record, { ...options, created, secrets: env, direct });
    this.#own = own;
    this.#data = own.data;
    this.#layout = instanceLayout(own.data.directory, own.name);
    this.#observing = options.mode === 'observe';
    this.#hold = new Hold(this.#layout.lock, own.name, {
      held: options.lock,
      holder: options.holder,
      assertOwn: () => assertOwn(this.#layout, own),
    });
    this.#docker = options.docker;
    this.#share = options.engine;
  }

  /**
   * Makes the container, which the first command starts. On any error nothing is left.
   * @throws {InstanceError} CCB_NAME_TAKEN, CCB_NOT_FOUND (the image), CCB_BACKEND_UNREACHABLE (the engine), CCB_PROGRAM_NOT_FOUND
   * @throws {TypeError} for a bad spec
   */
  static create(
    spec: Omit<DockerSpec, 'type'>,
    options: CallOptions & { readonly docker?: DockerClient | undefined } = {},
  ): Promise<DockerContainer> {
    return createContainer({ ...spec, type: 'docker' }, options);
  }

  /**
   * Takes the hold, and the agent with it when it runs; a stopped instance stays stopped. An engine that does not answer
   * leaves it `unreachable`.
   * @throws {InstanceError} CCB_NOT_FOUND, CCB_LOCKED, CCB_RECORD_INVALID
   * @throws {TypeError} for a variable that the record does not name
   */
  static async open(record: InstanceRecord, options: DockerOptions = {}): Promise<DockerContainer> {
    const instance = new DockerContainer(record, options);
    assertNamed(record.name, instance.#data.secrets, options.env ?? {});
    try {
      assertOwn(instance.#layout, instance.#own);
      await instance.#openAgent(options);
      return instance;
    } catch (error) {
      await instance.detach();
      throw translated(record.name, error);
    }
  }

  /** Lines that the container has written, oldest first; `follow` goes on with those to come. */
  logs(options: LogOptions = {}): AsyncIterable<LogLine> {
    return this.#engine.logs(this.#agentPlace.container, options);
  }

  /**
   * Runs a program of the container beside the agent, for debugging: its output beyond 1 MiB each is cut off.
   * @throws {InstanceError} CCB_PROGRAM_NOT_FOUND, CCB_NOT_FOUND, CCB_TIMEOUT (30 000 ms)
   */
  exec(
    argv: readonly [string, ...string[]],
    options: CallOptions & { readonly input?: string | undefined } = {},
  ): Promise<ExecResult> {
    const { input, signal, timeoutMs = 30_000 } = options;
    return this.#engine.exec(this.#agentPlace.container, { argv, input }, { signal, timeoutMs });
  }

  override async getInfo(options: DockerInfoOptions = {}): Promise<DockerInfo> {
    const info = (await super.getInfo(options)) as DockerInfo;
    if (options.usage !== true || info.container === undefined) return info;
    const usage = await this.#engine.usage(this.#agentPlace.container, options);
    return { ...info, container: { ...info.container, usage } };
  }

  protected override _alive(): Promise<boolean> {
    return this.#agentPlace.alive({ signal: AbortSignal.timeout(10_000) });
  }

  protected override _whenGone(call: Call): Promise<void> {
    return this.#agentPlace.whenGone(call);
  }

  protected override async _launch(call: Call): Promise<'launched' | 'running'> {
    assertOwn(this.#layout, this.#own);
    this.#watchState();
    return await this.#agentPlace.launch(call);
  }

  /** What is silent although its place lives may just not be there: then it is started by exec. */
  protected override async _start(call: Call): Promise<void> {
    try {
      await super._start(call);
    } catch (error) {
      if (!InstanceError.is(error, 'CCB_AGENT_FROZEN') || !(await this.#revived(call))) throw error;
      await super._start(call);
    }
  }

  protected override _channel(call: Call): Promise<Channel> {
    return this.#way.open(call);
  }

  protected override async _rejoin(call: Call): Promise<void> {
    await this.#way.renew(call);
  }

  /** The engine says why, if the container has ended; a relay may die alone. */
  protected override _idleDown(reason: string): void {
    this._moved('unreachable', `the agent is gone (${reason})`);
    void this.#explainEnd();
  }

  protected override async _isHeldStill(call: Call): Promise<boolean> {
    // An engine that cannot be asked says so when it has to end it.
    const found = await inspection(this.#engine, this.#agentPlace.container, call).catch(() => undefined);
    return found?.state.paused ?? false;
  }

  protected override async _kill(call: Call & { readonly graceMs: number }): Promise<void> {
    await this.#agentPlace.kill(call);
  }

  protected override async _hold({ signal }: Call): Promise<void> {
    await this.#hold.take(signal);
  }

  protected override async _release(): Promise<void> {
    this.#watch?.end();
    this.#share?.release();
    await this.#hold.release();
  }

  protected override async _cleanup(call: Call & { readonly remove: boolean }): Promise<void> {
    await this._end(call);
    if (call.remove) {
      if (this.#data.placement !== 'none') await this.#agentPlace.remove(call);
      removeDirectory(this.#layout, this.#own);
    }
    await this._release();
  }

  protected override async _probe(call: Call): Promise<boolean> {
    if (this.#data.placement === 'none') return await super._probe(call);
    const [answers, lives] = await Promise.all([super._probe(call), this.#agentPlace.alive(call)]);
    return answers && lives;
  }

  protected override async _info(call: Call): Promise<Partial<InstanceInfo>> {
    const [said, found, holder] = await Promise.all([
      super._info(call).catch(
        (error: unknown): Partial<InstanceInfo> => ({
          problem: error instanceof Error ? error.message : String(error),
        }),
      ),
      inspection(this.#engine, this.#agentPlace.container, call),
      this.#hold.holder(),
    ]);
    const image = found && (await this.#engine.inspectImage(found.imageId, call));
    const transport = this.#data.placement === 'none' ? 'exec-per-command' : this.#transport?.chosen;
    const { pid, ...program } = said.program ?? { name: this.record.program };
    const here = pid === undefined || !this.#engine.isLocal ? undefined : hostPid(found?.state.pid ?? 0, pid);
    return {
      ...said,
      program: { ...program, ...(here !== undefined && { pid: here }) },
      ...(transport && { transport }),
      ...(found && { container: dockerInfo(found, image) }),
      ...(holder && { holder }),
    };
  }

  async #openAgent(options: CallOptions): Promise<void> {
    this.#watchState();
    try {
      await this._open(options);
    } catch (error) {
      if (!InstanceError.is(error, 'CCB_BACKEND_UNREACHABLE')) throw error;
      this._moved('unreachable', error.message, error);
    }
  }

  async #revived(call: Call): Promise<boolean> {
    try {
      const revived = await this.#agentPlace.revive(call);
      if (revived) this._log('warn', 'agent.started_by_exec', { container: this.#agentPlace.container });
      return revived;
    } catch (error) {
      const tried = `It was silent in a container that runs, and starting it by exec failed: ${error instanceof Error ? error.message : String(error)}`;
      const message = `${this.name}: the agent cannot be reached. ${tried}\n${await this.#agentPlace.lastWords(call)}`;
      throw new InstanceError('CCB_AGENT_UNREACHABLE', message, { cause: error, retryable: true, instance: this.name });
    }
  }

  get #engine(): Engine {
    this.#share ??= shareEngine(this.#docker);
    return this.#share.engine;
  }

  get #agentPlace(): AgentPlace {
    this.#place ??= placeOf(this.#own, this.#layout, this.#engine, (level, event, fields) =>
      this._log(level, event, fields),
    );
    return this.#place;
  }

  get #way(): TransportChoice {
    this.#transport ??= new TransportChoice({
      instance: this.name,
      engine: this.#engine,
      place: this.#agentPlace,
      pipes: this.#data.placement === 'mounted' ? this.#layout.pipes : undefined,
      wanted: this.#data.transport,
      observing: this.#observing,
      log: (level, event, fields) => this._log(level, event, fields),
    });
    return this.#transport;
  }

  async #explainEnd(): Promise<void> {
    try {
      const found = await whenDown(this.#engine, this.#agentPlace.container, { signal: AbortSignal.timeout(END_MS) });
      this.#watch?.reconcile(found);
    } catch (error) {
      // The watch says how it is when the engine is back.
      if (InstanceError.is(error, 'CCB_BACKEND_UNREACHABLE')) return;
      // Its container lives.
      this._log('warn', 'agent.connection_lost', { reason: String(error) });
      this.#follow();
    }
  }

  #perCommand(env: Readonly<Record<string, string>>): ExecPerCommandScene {
    const { name, program, workspace } = this.record;
    const { containerId, containerName, programArgs } = this.#data;
    return {
      instance: name,
      engine: this.#engine,
      container: containerId,
      containerName,
      program,
      programArgs,
      workspace,
      env,
    };
  }

  #watchState(): void {
    const instance = this;
    this.#watch ??= new StateWatch(this.name, this.#agentPlace.container, this.#engine, {
      get waitedFor(): boolean {
        return instance._following > 0;
      },
      get moving(): boolean {
        return instance.state === 'starting' || instance.state === 'stopping' || instance._closing;
      },
      moved: (to, reason, error) => this._moved(to, reason, error),
      ping: async (signal) => (await super._info({ signal })).pingMs !== undefined,
      unconnected: () => {
        if (this.state === 'unreachable') this.#follow();
      },
      reachable: () => this._hurry(),
      startedOutside: () => this.#follow(),
      log: (level, event, fields) => this._log(level, event, fields),
    });
  }

  #follow(): void {
    if (this.#observing || !this.#hold.isHeld || this.state === 'running') return;
    this.start().catch((error: unknown) => this._log('warn', 'container.not_followed', { reason: String(error) }));
  }
}
