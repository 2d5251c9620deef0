import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmodSync, chownSync, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type DockerClient, type DockerContainer, type DockerData, dockerBackend } from '@ccb/docker-instance';
import type { InstanceRecord } from '@ccb/instance-interface';
import { settled, within } from './deadline.ts';
import { carrying, namedAfter } from './processes.ts';
import type { Sandbox } from './sandbox.ts';

const CLEANUP_MS = 30_000;
const COMMAND_MS = 60_000;
/** Whom programs in the containers run as where this process is root. */
const UID = 1_000;
/** What the workspace is called in a container. */
export const WORKSPACE = '/workspace';

export type Transport = 'fifo' | 'exec';

export function wayOf(transport: Transport): string {
  return transport === 'fifo' ? 'over the pipes' : 'over the relay';
}

/** The engine's own command line: what the world does to containers. */
export type DockerCommand = (...args: readonly string[]) => Promise<string>;

export interface EngineUnderFire {
  readonly docker: DockerCommand;
  /** Absent: the engine of the environment. */
  readonly client?: DockerClient | undefined;
  readonly image: string;
}

export const docker: DockerCommand = async (...args) => {
  const { stdout } = await promisify(execFile)('docker', args, { timeout: COMMAND_MS, killSignal: 'SIGKILL' });
  return stdout.trim();
};

/** Containers of one engine below the home of a sandbox; each proves at its end that nothing of it is left. */
export class DockerGround {
  readonly engine: EngineUnderFire;
  readonly #sandbox: Sandbox;
  readonly #backend: ReturnType<typeof dockerBackend>;
  /** No engine, file or list of processes must ever know it. */
  readonly #secret = `secret-${randomUUID()}`;

  constructor(sandbox: Sandbox, engine: EngineUnderFire) {
    this.engine = engine;
    this.#sandbox = sandbox;
    this.#backend = dockerBackend({ home: sandbox.home, docker: engine.client });
    // Who runs in the container must come through to the workspace.
    chmodSync(sandbox.home, 0o755);
    if (process.getuid?.() === 0) chownSync(sandbox.workspace, UID, UID);
  }

  /** What its commands get, and a bridge that opens it has to bring. */
  get env(): Readonly<Record<string, string>> {
    return { CAMPAIGN_SECRET: this.#secret };
  }

  /** Made and held, not started. */
  async create(transport: Transport): Promise<DockerContainer> {
    const name = `campaign-${randomUUID().slice(0, 8)}`;
    const { image } = this.engine;
    const { workspace } = this.#sandbox;
    const { env } = this;
    const instance = await this.#backend.create({
      type: 'docker',
      name,
      image,
      workspace,
      transport,
      env,
      network: 'none',
      program: 'shell',
    });
    this.#sandbox.defer(async () => {
      if (instance.state !== 'closed') await instance.cleanup({ remove: true });
      await this.#forceAway(instance.record);
    });
    return instance;
  }

  /** Ends it through the public door, as its owner would; returns what was told or left that must not be. */
  async retire(instance: DockerContainer): Promise<readonly string[]> {
    const told = await this.#told(instance.record);
    await within(CLEANUP_MS, 'cleanup', instance.cleanup({ remove: true }));
    return [...told, ...(await this.#leftOf(instance.record))];
  }

  /** The same for one that was let go. */
  async remove(record: InstanceRecord): Promise<readonly string[]> {
    return await this.retire(await this.#backend.open(record, { env: this.env }));
  }

  /** Processes of its program; this machine sees those of its containers. */
  programs(record: InstanceRecord): readonly number[] {
    return carrying(variableOf(record));
  }

  /** Where the secret is told. */
  async #told(record: InstanceRecord): Promise<readonly string[]> {
    const { containerName, directory } = record.data as DockerData;
    const config = await this.engine.docker('inspect', containerName);
    const logs = await this.engine.docker('logs', containerName);
    const files = readdirSync(directory, { recursive: true, encoding: 'utf8' }).map((name) => join(directory, name));
    return [
      ...(config.includes(this.#secret) ? [`${containerName}: its config tells the secret`] : []),
      ...(logs.includes(this.#secret) ? [`${containerName}: its log tells the secret`] : []),
      ...files
        .filter((file) => statSync(file).isFile() && readFileSync(file).includes(this.#secret))
        .map((file) => `${file} tells the secret`),
    ];
  }

  async #leftOf(record: InstanceRecord): Promise<readonly string[]> {
    const { directory } = record.data as DockerData;
    const onHost = (): readonly string[] => [
      ...this.programs(record).map((pid) => `${record.name}: process ${pid} carries ${variableOf(record)}`),
      ...namedAfter(directory).map((pid) => `${record.name}: process ${pid} was started from ${directory}`),
      ...(existsSync(directory) ? [`${record.name}: its directory is there`] : []),
    ];
    await settled(() => onHost().length === 0);
    return [...(await this.#labelled(record)), ...onHost()];
  }

  async #labelled(record: InstanceRecord): Promise<readonly string[]> {
    const filter = `label=ccb.instance=${(record.data as DockerData).instanceId}`;
    const lists = await Promise.all([
      this.engine.docker('ps', '--all', '--filter', filter, '--format', 'container {{.Names}}'),
      this.engine.docker('network', 'ls', '--filter', filter, '--format', 'network {{.Name}}'),
      this.engine.docker('volume', 'ls', '--filter', filter, '--format', 'volume {{.Name}}'),
    ]);
    return lists.flatMap((list) => list.split('\n').filter((line) => line !== ''));
  }

  async #forceAway(record: InstanceRecord): Promise<void> {
    for (const left of await this.#labelled(record)) {
      const [kind = '', name = ''] = left.split(' ');
      await this.engine.docker(kind, 'rm', '--force', name);
    }
  }
}

export function containerOf({ data }: InstanceRecord): string {
  return (data as DockerData).containerName;
}

function variableOf({ data }: InstanceRecord): string {
  return `CCB_INSTANCE=${(data as DockerData).instanceId}`;
}
