import { chownSync, existsSync, readFileSync } from 'node:fs';
import {
  type AgentSettings,
  agentFileFor,
  type InstanceLayout,
  makeDirectories,
  makePipes,
  placeAgent,
  writeSettings,
} from '@ccb/container-agent';
import type { Call } from '@ccb/instance-interface/abstract';
import { type AccessPlan, applyAccess } from '../container/access-plan.ts';
import type { DockerRecord } from '../container/docker-data.ts';
import { assertInstanceFit } from '../container/fit.ts';
import { workspaceHandle } from '../container/mounts.ts';
import type { Engine } from '../engine/engine.ts';
import { tarOf } from '../image/tar.ts';
import type { ContainerPaths } from './paths.ts';

/** What an agent needs in its container, and where the host keeps it. */
export interface AgentFiles {
  /** Once, in the instance's claimed directory. */
  make(plan: AccessPlan): Promise<void>;
  /** Before each start of the agent. */
  prepare(settings: AgentSettings, plan: AccessPlan, call: Call): Promise<void>;
}

/** In the instance's directory, which the container mounts. */
export class MountedFiles implements AgentFiles {
  readonly #layout: InstanceLayout;
  readonly #program: string;

  constructor(layout: InstanceLayout, program: string) {
    this.#layout = layout;
    this.#program = program;
  }

  async make(plan: AccessPlan): Promise<void> {
    makeDirectories(this.#layout);
    applyAccess(plan.directories);
    await this.#pipes(plan);
    // Last: where it is, all is.
    placeAgent(this.#layout, this.#program);
  }

  async prepare(settings: AgentSettings, plan: AccessPlan): Promise<void> {
    // Whoever made the instance may have been killed half-way.
    if (!existsSync(this.#layout.agentFile)) await this.make(plan);
    await this.#pipes(plan);
    writeSettings(this.#layout.settings, settings);
    applyAccess(plan.files);
    assertInstanceFit(settings.name, this.#layout, plan);
  }

  /** Those of the first hour were made before their directory was handed over. */
  async #pipes({ directories }: AccessPlan): Promise<void> {
    await makePipes(this.#layout);
    const shared = directories.find(({ path }) => path === this.#layout.pipesDirectory);
    if (shared === undefined) return;
    for (const kind of ['in', 'out', 'ctl']) chownSync(`${this.#layout.pipes}.${kind}.fifo`, shared.uid, shared.gid);
  }
}

/** In a volume of the container: its engine is another machine's. */
export class VolumeFiles implements AgentFiles {
  readonly #program: string;
  readonly #engine: Engine;
  readonly #container: string;
  readonly #paths: ContainerPaths;
  readonly #hasWorkspace: boolean;

  constructor(engine: Engine, { program, workspace, data }: DockerRecord, paths: ContainerPaths) {
    this.#program = program;
    this.#engine = engine;
    this.#container = data.containerName;
    this.#paths = paths;
    this.#hasWorkspace = workspace === undefined;
  }

  async make(): Promise<void> {}

  async prepare(settings: AgentSettings, { user }: AccessPlan, call: Call): Promise<void> {
    const [uid = 0, gid = 0] = user.split(':').map(Number);
    const own = { uid, gid };
    const tar = tarOf([
      { path: 'agent', mode: 0o755, directory: true },
      { path: 'agent/agent.cjs', mode: 0o644, content: readFileSync(agentFileFor(this.#program)) },
      { path: 'agent/settings.json', mode: 0o644, content: Buffer.from(`${JSON.stringify(settings)}\n`) },
      { path: 'state', mode: 0o700, directory: true, ...own },
      { path: 'home', mode: 0o700, directory: true, ...own },
      ...(this.#hasWorkspace ? ([{ path: workspaceHandle, mode: 0o755, directory: true, ...own }] as const) : []),
    ]);
    await this.#engine.putArchive(this.#container, this.#paths.root, tar, call);
  }
}
