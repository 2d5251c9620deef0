import type { Readable, Writable } from 'node:stream';
import type { CallOptions } from '@ccb/instance-interface';

/**
 * Every call of it is bounded by `timeoutMs` (its own default where absent), and throws InstanceError alone; an abort, the
 * signal's reason.
 */
export interface Engine {
  /** As people write it: `unix:///var/run/docker.sock`, `tcp://host:2376`. Never with a password. */
  readonly address: string;
  /** A Unix socket of this machine: its bind mounts may be directories of this machine. */
  readonly isLocal: boolean;
  /** Asked once. @throws {InstanceError} CCB_NOT_SUPPORTED: it is too old */
  about(call?: CallOptions): Promise<EngineAbout>;

  /** Its id. @throws {InstanceError} CCB_NAME_TAKEN, CCB_NOT_FOUND (the image) */
  createContainer(name: string, config: ContainerConfig, call?: CallOptions): Promise<string>;
  /** @throws {InstanceError} CCB_NOT_FOUND */
  inspectContainer(id: string, call?: CallOptions): Promise<ContainerInspection>;
  /**
   * false: it ran already.
   *
   * @throws {InstanceError} CCB_NOT_FOUND, CCB_PROGRAM_NOT_FOUND (its main program is not in the image; under `Init` it
   * starts nevertheless, exits with 127 and says so in its log)
   */
  startContainer(id: string, call?: CallOptions): Promise<boolean>;
  /** Politely, then by force after graceMs. false: it did not run. */
  stopContainer(id: string, graceMs: number, call?: CallOptions): Promise<boolean>;
  /** Nothing to do is no error. */
  killContainer(id: string, signal: string, call?: CallOptions): Promise<void>;
  /** By force, with its anonymous volumes; nothing to do is no error. */
  removeContainer(id: string, call?: CallOptions): Promise<void>;
  /** All, also those that do not run. `labels`: `name` or `name=value`, all of them. */
  listContainers(
    filter?: { readonly labels?: readonly string[]; readonly ancestor?: string },
    call?: CallOptions,
  ): Promise<readonly ContainerSummary[]>;
  /** Command lines of its processes. */
  processes(id: string, call?: CallOptions): Promise<readonly string[]>;
  usage(id: string, call?: CallOptions): Promise<ContainerUsage>;
  logs(id: string, options?: LogOptions): AsyncIterable<LogLine>;
  /** Unpacks a tar. @throws {InstanceError} when the place cannot be written */
  putArchive(id: string, directory: string, tar: Buffer, call?: CallOptions): Promise<void>;

  /** Runs it to its end. Output beyond 1 MiB each is cut off. @throws {InstanceError} CCB_PROGRAM_NOT_FOUND (126, 127 of the runtime) */
  exec(id: string, command: ExecCommand, call?: CallOptions): Promise<ExecResult>;
  /** A running one, with its streams. The call bounds the opening alone. */
  openExec(id: string, command: ExecCommand, call?: CallOptions): Promise<ExecSession>;

  /** undefined: the engine has no such image. */
  inspectImage(name: string, call?: CallOptions): Promise<ImageInspection | undefined>;
  /** @throws {InstanceError} CCB_NOT_FOUND, with the registry's words */
  pullImage(name: string, progress?: ImageProgress, call?: CallOptions): Promise<void>;
  /** From a tar with a Dockerfile. */
  buildImage(name: string, context: Readable, progress?: ImageProgress, call?: CallOptions): Promise<void>;
  /** From a tar of a root file system. `changes`: instructions of a Dockerfile. */
  importImage(
    name: string,
    root: Readable,
    changes: readonly string[],
    progress?: ImageProgress,
    call?: CallOptions,
  ): Promise<void>;
  removeImage(name: string, call?: CallOptions): Promise<void>;

  /** undefined: there is none. */
  inspectNetwork(name: string, call?: CallOptions): Promise<NetworkInspection | undefined>;
  createNetwork(name: string, labels: Labels, call?: CallOptions): Promise<void>;
  removeNetwork(name: string, call?: CallOptions): Promise<void>;
  createVolume(name: string, labels: Labels, call?: CallOptions): Promise<void>;
  removeVolume(name: string, call?: CallOptions): Promise<void>;

  /**
   * What happens to one container, by id or name, from now on; all watchers of an engine share one stream. Returns the end
   * of the watching. When the engine is gone and back, what was missed is told late.
   */
  watch(container: string, listener: (event: EngineEvent) => void): () => void;
  /** A borrowed client stays as it is; the event stream ends. Idempotent. */
  close(): void;
}

export type Labels = Readonly<Record<string, string>>;

export interface EngineAbout {
  readonly version: string;
  readonly apiVersion: string;
  /** `docker`, `podman`, … */
  readonly kind: string;
  readonly os: string;
  /** Its root is an unprivileged user of the machine. */
  readonly rootless: boolean;
}

/** The part of the Engine API's body that is used, in its own words. */
export interface ContainerConfig {
  readonly Image: string;
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly User?: string;
  readonly WorkingDir?: string;
  readonly Env?: readonly string[];
  readonly Labels?: Labels;
  readonly Tty?: boolean;
  readonly ExposedPorts?: Readonly<Record<string, object>>;
  readonly HostConfig?: HostConfig;
  readonly NetworkingConfig?: {
    readonly EndpointsConfig: Readonly<Record<string, { readonly Aliases?: readonly string[] }>>;
  };
}

export interface HostConfig {
  readonly Init?: boolean;
  readonly NetworkMode?: string;
  readonly ExtraHosts?: readonly string[];
  readonly PortBindings?: Readonly<Record<string, readonly { readonly HostIp?: string; readonly HostPort?: string }[]>>;
  readonly Mounts?: readonly {
    readonly Type: 'bind' | 'volume' | 'tmpfs';
    readonly Source?: string;
    readonly Target: string;
    readonly ReadOnly?: boolean;
  }[];
  readonly Tmpfs?: Readonly<Record<string, string>>;
  readonly GroupAdd?: readonly string[];
  readonly CapDrop?: readonly string[];
  readonly CapAdd?: readonly string[];
  readonly SecurityOpt?: readonly string[];
  readonly ReadonlyRootfs?: boolean;
  readonly PidsLimit?: number;
  readonly Memory?: number;
  readonly MemorySwap?: number;
  readonly NanoCpus?: number;
  readonly LogConfig?: { readonly Type: string; readonly Config: Labels };
  readonly RestartPolicy?: { readonly Name: string };
}

export interface ContainerInspection {
  readonly id: string;
  /** Without the leading slash. */
  readonly name: string;
  readonly image: string;
  readonly imageId: string;
  readonly createdAt: string;
  readonly labels: Labels;
  readonly user: string;
  readonly tty: boolean;
  readonly env: readonly string[];
  readonly state: {
    /** created, running, paused, restarting, removing, exited, dead */
    readonly status: string;
    readonly running: boolean;
    readonly paused: boolean;
    readonly exitCode: number;
    readonly oomKilled: boolean;
    /** What the runtime said when it could not be started. */
    readonly error: string;
    readonly pid: number;
    readonly startedAt: string | undefined;
    readonly finishedAt: string | undefined;
    readonly health: string | undefined;
  };
  readonly restartCount: number;
  readonly mounts: readonly {
    readonly type: string;
    readonly source: string;
    readonly target: string;
    readonly readOnly: boolean;
  }[];
  readonly ports: readonly {
    readonly container: number;
    readonly host: number | undefined;
    readonly hostIp: string | undefined;
    readonly protocol: string;
  }[];
  readonly networks: Readonly<
    Record<string, { readonly address: string; readonly gateway: string; readonly aliases: readonly string[] }>
  >;
  readonly limits: {
    readonly memoryBytes: number | undefined;
    readonly cpus: number | undefined;
    readonly pids: number | undefined;
  };
  readonly readOnlyRootfs: boolean;
}

export interface ContainerSummary {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly labels: Labels;
  readonly status: string;
}

export interface ContainerUsage {
  readonly memoryBytes: number;
  readonly cpuPercent: number;
  readonly pids: number;
}

export interface LogOptions {
  readonly follow?: boolean | undefined;
  readonly since?: Date | undefined;
  readonly tail?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A line with its newline, or what there is of one. */
export interface LogLine {
  readonly stream: 'stdout' | 'stderr';
  readonly text: string;
}

export interface ExecCommand {
  readonly argv: readonly [string, ...string[]];
  readonly user?: string | undefined;
  readonly workingDirectory?: string | undefined;
  /** In the engine's config of the exec: never secrets. */
  readonly env?: readonly string[] | undefined;
  /** What its standard input brings, and then its end. */
  readonly input?: string | Buffer | undefined;
}

export interface ExecResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ExecSession {
  readonly stdin: Writable;
  /** With back-pressure. It ends when the program has, or when the engine is lost. */
  readonly stdout: Readable;
  /** The last 8 KiB of stderr, so far. */
  stderrTail(): string;
  /** Its exit status; undefined when the engine did not say within 5 s. Never rejects. */
  readonly exit: Promise<number | undefined>;
  /** Lets go; the program sees the end of its stdin. Idempotent. */
  close(): void;
}

export interface ImageInspection {
  readonly id: string;
  /** `name@sha256:…`, where a registry has it. */
  readonly digest: string | undefined;
  readonly labels: Labels;
  readonly user: string;
}

/** One step, for people. */
export type ImageProgress = (line: string) => void;

export interface NetworkInspection {
  readonly name: string;
  readonly labels: Labels;
}

export interface EngineEvent {
  /**
   * As the engine says: create, start, die, oom, stop, kill, pause, unpause, restart, destroy, health_status. `lost`: the
   * engine does not answer any more; `back`: it does again, and `inspection` says how it is now (undefined: no such container).
   */
  readonly action: string;
  readonly at: Date;
  /** Of `die`. */
  readonly exitCode?: number | undefined;
  /** Of `health_status`: healthy, unhealthy. */
  readonly health?: string | undefined;
  /** Of `kill`: the signal's number. */
  readonly signal?: string | undefined;
  readonly inspection?: ContainerInspection | undefined;
}
