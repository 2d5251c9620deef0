import type { Readable } from 'node:stream';
import type { CallOptions } from '@ccb/instance-interface';
import { aboutEngine } from './about.ts';
import { Containers } from './containers.ts';
import type { Modem } from './docker-client.ts';
import type {
  ContainerConfig,
  ContainerInspection,
  ContainerSummary,
  ContainerUsage,
  Engine,
  EngineAbout,
  EngineEvent,
  ExecCommand,
  ExecResult,
  ExecSession,
  ImageInspection,
  ImageProgress,
  Labels,
  LogLine,
  LogOptions,
  NetworkInspection,
} from './engine.ts';
import { EngineEvents } from './engine-events.ts';
import { EventHub } from './events/event-hub.ts';
import { Execs } from './execs.ts';
import { Images } from './images.ts';
import { containerLogs } from './logs.ts';
import type { Place } from './modem.ts';
import { Networks } from './networks.ts';
import { Volumes } from './volumes.ts';
import { Wire } from './wire.ts';

/** The engine behind a client of dockerode. */
export class DockerodeEngine implements Engine {
  readonly address: string;
  readonly isLocal: boolean;
  readonly #wire: Wire;
  readonly #containers: Containers;
  readonly #events: EventHub;
  readonly #execs: Execs;
  readonly #images: Images;
  readonly #networks: Networks;
  readonly #volumes: Volumes;
  #about: EngineAbout | undefined;

  constructor(modem: Modem, place: Place) {
    this.address = place.address;
    this.isLocal = place.isLocal;
    this.#wire = new Wire(modem, place.address);
    this.#containers = new Containers(this.#wire);
    this.#events = new EventHub(new EngineEvents(this.#wire, this.#containers));
    this.#execs = new Execs(this.#wire);
    this.#images = new Images(this.#wire);
    this.#networks = new Networks(this.#wire);
    this.#volumes = new Volumes(this.#wire);
  }

  async about(call?: CallOptions): Promise<EngineAbout> {
    this.#about ??= await aboutEngine(this.#wire, call);
    return this.#about;
  }

  createContainer(name: string, config: ContainerConfig, call?: CallOptions): Promise<string> {
    return this.#containers.create(name, config, call);
  }

  inspectContainer(id: string, call?: CallOptions): Promise<ContainerInspection> {
    return this.#containers.inspect(id, call);
  }

  startContainer(id: string, call?: CallOptions): Promise<boolean> {
    return this.#containers.start(id, call);
  }

  stopContainer(id: string, graceMs: number, call?: CallOptions): Promise<boolean> {
    return this.#containers.stop(id, graceMs, call);
  }

  killContainer(id: string, signal: string, call?: CallOptions): Promise<void> {
    return this.#containers.kill(id, signal, call);
  }

  removeContainer(id: string, call?: CallOptions): Promise<void> {
    return this.#containers.remove(id, call);
  }

  listContainers(
    filter?: { readonly labels?: readonly string[]; readonly ancestor?: string },
    call?: CallOptions,
  ): Promise<readonly ContainerSummary[]> {
    return this.#containers.list(filter, call);
  }

  processes(id: string, call?: CallOptions): Promise<readonly string[]> {
    return this.#containers.processes(id, call);
  }

  usage(id: string, call?: CallOptions): Promise<ContainerUsage> {
    return this.#containers.usage(id, call);
  }

  async *logs(id: string, options: LogOptions = {}): AsyncGenerator<LogLine, void, void> {
    const { tty } = await this.inspectContainer(id, { signal: options.signal });
    yield* containerLogs(this.#wire, id, tty, options);
  }

  putArchive(id: string, directory: string, tar: Buffer, call?: CallOptions): Promise<void> {
    return this.#containers.putArchive(id, directory, tar, call);
  }

  exec(id: string, command: ExecCommand, call?: CallOptions): Promise<ExecResult> {
    return this.#execs.run(id, command, call);
  }

  openExec(id: string, command: ExecCommand, call?: CallOptions): Promise<ExecSession> {
    return this.#execs.open(id, command, call);
  }

  inspectImage(name: string, call?: CallOptions): Promise<ImageInspection | undefined> {
    return this.#images.inspect(name, call);
  }

  pullImage(name: string, progress?: ImageProgress, call?: CallOptions): Promise<void> {
    return this.#images.pull(name, progress, call);
  }

  buildImage(name: string, context: Readable, progress?: ImageProgress, call?: CallOptions): Promise<void> {
    return this.#images.build(name, context, progress, call);
  }

  importImage(
    name: string,
    root: Readable,
    changes: readonly string[],
    progress?: ImageProgress,
    call?: CallOptions,
  ): Promise<void> {
    return this.#images.import(name, root, changes, progress, call);
  }

  removeImage(name: string, call?: CallOptions): Promise<void> {
    return this.#images.remove(name, call);
  }

  inspectNetwork(name: string, call?: CallOptions): Promise<NetworkInspection | undefined> {
    return this.#networks.inspect(name, call);
  }

  createNetwork(name: string, labels: Labels, call?: CallOptions): Promise<void> {
    return this.#networks.create(name, labels, call);
  }

  removeNetwork(name: string, call?: CallOptions): Promise<void> {
    return this.#networks.remove(name, call);
  }

  createVolume(name: string, labels: Labels, call?: CallOptions): Promise<void> {
    return this.#volumes.create(name, labels, call);
  }

  removeVolume(name: string, call?: CallOptions): Promise<void> {
    return this.#volumes.remove(name, call);
  }

  watch(container: string, listener: (event: EngineEvent) => void): () => void {
    return this.#events.watch(container, listener);
  }

  close(): void {
    this.#events.close();
    this.#wire.close();
  }
}
