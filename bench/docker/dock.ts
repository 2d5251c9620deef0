import { chmodSync, chownSync, existsSync, mkdirSync } from 'node:fs';
import { ensureTestImage } from '../../packages/docker-instance/src/testing/test-image.ts';
import { EngineApi, engineSocket } from '../engine-api.ts';
import type { InstanceSetting } from '../instance.ts';
import type { Workplace } from '../workplace.ts';

/** Whom instances run as: not root, which this machine's user may be. */
const UID = 1000;
const MARK = 'ccb.bench';
const GIB = 2 ** 30;
/** As every instance has it: what an attached program writes is also logged. */
const LOG = { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '2' } };

type Argv = readonly [string, ...string[]];
/** What the engine makes a container from. */
type Plain = Readonly<Record<string, unknown>> & { readonly HostConfig: object };

/** There is an engine to measure with. */
export function hasEngine(): boolean {
  return existsSync(engineSocket);
}

/** Containers of one subject, with ccb and without; none is left when its workplace is gone. */
export class Dock {
  readonly api: EngineApi = new EngineApi();
  /** On this machine; `/workspace` in every container. */
  readonly workspace: string;
  readonly image: string;
  readonly #place: Workplace;

  private constructor(place: Workplace, image: string) {
    this.#place = place;
    this.image = image;
    this.workspace = place.path('workspace');
    mkdirSync(this.workspace);
    // The container's user must come through to its workspace.
    chmodSync(place.directory, 0o755);
    if (process.getuid?.() === 0) chownSync(this.workspace, UID, UID);
  }

  static async at(place: Workplace): Promise<Dock> {
    const dock = new Dock(place, await ensureTestImage());
    place.defer(() => dock.#clear());
    return dock;
  }

  /** An instance in a container, reached this way. */
  instance(name: string, program: string, transport: 'fifo' | 'exec' = 'fifo'): InstanceSetting {
    const { image, workspace } = this;
    // Containers of all runs share their engine's names.
    const unique = `bench-${process.pid}-${name}`;
    return {
      home: this.#place.path('home'),
      name: unique,
      program,
      container: { image, workspace, transport, network: 'none' },
    };
  }

  /** What is common to containers without ccb. */
  plain(argv: Argv, binds: readonly string[] = []): Plain {
    const { image, workspace } = this;
    return {
      Image: image,
      Entrypoint: argv,
      Cmd: [],
      WorkingDir: '/workspace',
      Labels: { [MARK]: this.#place.directory },
      OpenStdin: true,
      HostConfig: { NetworkMode: 'none', LogConfig: LOG, Binds: [`${workspace}:/workspace`, ...binds] },
    };
  }

  /** As plain, with what the engine is asked for an instance too: its settings and as many mounts. */
  likeAnInstance(argv: Argv): object {
    const mounts = ['pipes', 'agent', 'state', 'home'].map((name) => {
      const source = this.#place.path(name);
      mkdirSync(source);
      return `${source}:/ccb/${name}`;
    });
    const { HostConfig, ...plain } = this.plain(argv, mounts);
    const limits = { Memory: 4 * GIB, MemorySwap: 4 * GIB, NanoCpus: 2e9, PidsLimit: 512 };
    const security = { ReadonlyRootfs: true, CapDrop: ['ALL'], SecurityOpt: ['no-new-privileges'] };
    const Tmpfs = { '/tmp': 'rw,exec,nosuid,nodev,size=1g,mode=1777' };
    return {
      ...plain,
      User: `${UID}:${UID}`,
      HostConfig: { ...HostConfig, Init: true, Tmpfs, ...limits, ...security },
    };
  }

  /** A running container without ccb. @returns its id */
  async run(argv: Argv, binds?: readonly string[]): Promise<string> {
    const id = await this.api.make('/containers/create', this.plain(argv, binds));
    await this.api.ask('POST', `/containers/${id}/start`);
    return id;
  }

  /** Instances remove their own: one that is left is a failure, and is removed too. */
  async #clear(): Promise<void> {
    const ours = await this.#labelled(MARK, this.#place.directory);
    const theirs = await this.#labelled('ccb.directory', `${this.#place.directory}/`);
    for (const id of [...ours, ...theirs]) await this.api.ask('DELETE', `/containers/${id}?force=true&v=true`);
    this.api.close();
    if (theirs.length > 0) throw new Error(`${theirs.length} containers of instances were left; they are removed now`);
  }

  async #labelled(label: string, prefix: string): Promise<readonly string[]> {
    const filters = encodeURIComponent(JSON.stringify({ label: [label] }));
    const found = JSON.parse(await this.api.ask('GET', `/containers/json?all=true&filters=${filters}`)) as readonly {
      readonly Id: string;
      readonly Labels: Readonly<Record<string, string>>;
    }[];
    return found.filter(({ Labels }) => Labels[label]?.startsWith(prefix)).map(({ Id }) => Id);
  }
}
