import { InstanceError } from '@ccb/instance-interface';
import type { Call } from '@ccb/instance-interface/abstract';
import { whyEnded } from '../container/ended.ts';
import { type Ownership, ownContainer, ownRemains } from '../container/own-container.ts';
import type { ContainerInspection, Engine, ExecCommand } from '../engine/engine.ts';
import type { AgentPlace } from './agent-place.ts';
import { isAlive, startByExec } from './exec-agent.ts';
import { lastLines } from './last-words.ts';
import type { ContainerPaths } from './paths.ts';
import { whenDown, whenRemoved } from './when-down.ts';

/** How often a container is looked for anew that somebody removes meanwhile. */
const ATTEMPTS = 3;

/** ms from the start of a container until its agent listens, at the most. */
const AGENT_STARTS_MS = 10_000;

export interface MainProcessScene {
  readonly engine: Engine;
  readonly own: Ownership;
  readonly paths: ContainerPaths;
  /** Writes what the agent reads when it starts, and makes its pipes. */
  furnish(environment: readonly string[], previousEnd: string | undefined, call: Call): Promise<void>;
  /** Makes the container, not started. */
  createContainer(call: Call): Promise<void>;
  /** Removes what the engine has of the instance. */
  removeOwn(call: Call): Promise<void>;
  log(level: 'info' | 'warn', event: string, fields: Readonly<Record<string, unknown>>): void;
}

/** The agent is the main process of a container of our own: it runs exactly while the container does. */
export class MainProcess implements AgentPlace {
  readonly #scene: MainProcessScene;

  constructor(scene: MainProcessScene) {
    this.#scene = scene;
  }

  get container(): string {
    return this.#scene.own.containerName;
  }

  async launch(call: Call): Promise<'launched' | 'running'> {
    const { engine, own } = this.#scene;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#launchOnce(call);
      } catch (error) {
        // Somebody removes it at this moment: it is made again when it is gone.
        if (attempt === ATTEMPTS || !(await this.#isGoing(call))) throw error;
        await whenRemoved(engine, own.containerName, call);
      }
    }
  }

  async alive(call: Call): Promise<boolean> {
    const { engine, own } = this.#scene;
    return (await ownContainer(engine, own, call))?.state.running ?? false;
  }

  async whenGone(call: Call): Promise<void> {
    const { engine, own } = this.#scene;
    await whenDown(engine, own.containerName, call);
  }

  async revive(call: Call): Promise<boolean> {
    const { engine, own, paths } = this.#scene;
    const found = await ownContainer(engine, own, call);
    // Nothing can be started beside what is paused.
    if (!found?.state.running || found.state.paused) return false;
    if (await isAlive(engine, own.containerName, paths, call)) return false;
    await startByExec(engine, own.containerName, paths, call);
    return true;
  }

  relay(observing: boolean): ExecCommand {
    const { agentFile, socket } = this.#scene.paths;
    // Whoever opens it may just have started the container.
    const wait = `--wait-ms=${AGENT_STARTS_MS}`;
    return { argv: ['node', agentFile, '--relay', socket, wait, ...(observing ? ['--observe'] : [])] };
  }

  async kill({ graceMs, ...call }: Call & { readonly graceMs: number }): Promise<void> {
    const { engine, own } = this.#scene;
    const found = await ownRemains(engine, own, call);
    // A paused one cannot hear the polite request.
    if (found?.state.paused) await engine.killContainer(found.id, 'SIGKILL', call);
    if (found?.state.running) await engine.stopContainer(found.id, graceMs, call);
  }

  async remove(call: Call): Promise<void> {
    await this.#scene.removeOwn(call);
  }

  async lastWords(call: Call): Promise<string> {
    const { engine, own } = this.#scene;
    const end = await ownContainer(engine, own, call).catch(() => undefined);
    const state = end === undefined ? 'there is no container' : end.state.running ? 'it runs' : whyEnded(end.state);
    return `container ${own.containerName}: ${state}; its log ends:\n${await lastLines(engine, own.containerName, call)}`;
  }

  async #isGoing(call: Call): Promise<boolean> {
    const found = await ownContainer(this.#scene.engine, this.#scene.own, call);
    return found === undefined || found.state.status === 'removing';
  }

  async #launchOnce(call: Call): Promise<'launched' | 'running'> {
    const { engine, own, log } = this.#scene;
    const found = await ownContainer(engine, own, call);
    if (found?.state.paused) throw paused(own);
    if (found?.state.running) return 'running';
    if (found === undefined) {
      log('warn', 'container.made_again', { container: own.containerName });
      await this.#scene.createContainer(call);
    }
    const { env } = found ?? (await engine.inspectContainer(own.containerName, call));
    const previousEnd = endOf(found);
    await this.#scene.furnish(env, previousEnd, call);
    const started = await engine.startContainer(own.containerName, call);
    if (started) log('info', 'container.started', { container: own.containerName, previousEnd });
    return started ? 'launched' : 'running';
  }
}

function paused({ name, containerName }: Ownership): InstanceError {
  const message = `${name}: its container is paused. Let it go on with: docker unpause ${containerName}`;
  return new InstanceError('CCB_AGENT_FROZEN', message, { retryable: true, instance: name });
}

/** How the last life of the container ended; undefined: it had none. */
function endOf(found: ContainerInspection | undefined): string | undefined {
  if (found === undefined) return 'the container was removed';
  return found.state.finishedAt === undefined ? undefined : `the container ended: ${whyEnded(found.state)}`;
}
