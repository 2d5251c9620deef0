import { readFileSync } from 'node:fs';
import { type AgentSettings, agentFileFor, visible } from '@ccb/container-agent';
import { InstanceError } from '@ccb/instance-interface';
import type { Call } from '@ccb/instance-interface/abstract';
import { whyDown } from '../container/ended.ts';
import { inspection } from '../container/own-container.ts';
import { assertOwnEngine, type OwnEngine } from '../container/own-engine.ts';
import type { ContainerInspection, Engine, ExecCommand } from '../engine/engine.ts';
import type { AgentPlace } from './agent-place.ts';
import { isAlive, startByExec } from './exec-agent.ts';
import { withNode } from './foothold.ts';
import { lastLines } from './last-words.ts';
import type { ContainerPaths } from './paths.ts';
import { whenDown } from './when-down.ts';

/** Runs in the container: writes what comes by stdin. */
const INSTALL = `
process.on('uncaughtException', (error) => { console.error(error.message); process.exit(1); });
const fs = require('fs');
const [root] = process.argv.slice(1);
for (const name of ['agent', 'state', 'home']) fs.mkdirSync(root + '/' + name, { recursive: true, mode: 0o700 });
for (const [name, text] of Object.entries(JSON.parse(fs.readFileSync(0, 'utf8')))) {
  const path = root + '/agent/' + name;
  fs.writeFileSync(path + '.new', text, { mode: 0o600 });
  fs.renameSync(path + '.new', path);
}
`;
const REMOVE = `require('fs').rmSync(process.argv[1], { recursive: true, force: true, maxRetries: 3 });`;
const LOG_END = `
const fs = require('fs');
try { console.log(fs.readFileSync(process.argv[1], 'utf8').trimEnd().split('\\n').slice(-8).join('\\n')); } catch {}
`;

export interface InjectedScene {
  readonly instance: string;
  readonly engine: Engine;
  /** The id: another one of the same name is not the one that was adopted. */
  readonly container: string;
  readonly containerName: string;
  readonly own: OwnEngine;
  readonly paths: ContainerPaths;
  settings(found: ContainerInspection, previousEnd: string | undefined): AgentSettings;
  log(level: 'info' | 'warn', event: string, fields: Readonly<Record<string, unknown>>): void;
}

/** The agent in a container that somebody else made: brought in and started by exec, as that container's own user. */
export class InjectedAgent implements AgentPlace {
  readonly #scene: InjectedScene;

  constructor(scene: InjectedScene) {
    this.#scene = scene;
  }

  get container(): string {
    return this.#scene.container;
  }

  async launch(call: Call): Promise<'launched' | 'running'> {
    const { engine, container, containerName, paths, log } = this.#scene;
    const found = await this.#inspect(call);
    if (found.state.paused) {
      const message = `${containerName} is paused. Let it go on with: docker unpause ${containerName}`;
      throw new InstanceError('CCB_AGENT_FROZEN', message, { retryable: true, instance: this.#scene.instance });
    }
    const down = whyDown(found);
    if (!found.state.running) {
      log('info', 'container.started', { container: containerName, was: down?.reason });
      await engine.startContainer(container, call);
    } else if (await this.#agentLives(call)) return 'running';
    const settings = this.#scene.settings(found, found.state.finishedAt === undefined ? undefined : down?.reason);
    await this.#install(settings, call);
    return await startByExec(engine, container, paths, call);
  }

  async alive(call: Call): Promise<boolean> {
    const { running, paused } = (await this.#inspect(call)).state;
    return running && (paused || (await this.#agentLives(call)));
  }

  async whenGone(call: Call): Promise<void> {
    await whenDown(this.#scene.engine, this.#scene.container, call);
  }

  async revive(call: Call): Promise<boolean> {
    const { paused } = (await this.#inspect(call)).state;
    if (paused || (await this.#agentLives(call))) return false;
    return (await this.launch(call)) === 'launched';
  }

  relay(observing: boolean): ExecCommand {
    const { agentFile: file, socket } = this.#scene.paths;
    return { argv: ['node', file, '--relay', socket, ...(observing ? ['--observe'] : [])] };
  }

  /** The container goes on: it is not ours. */
  async kill({ graceMs, ...call }: Call & { readonly graceMs: number }): Promise<void> {
    const { engine, container, paths, own } = this.#scene;
    const found = await inspection(engine, container, call);
    if (found === undefined) assertOwnEngine(engine, own);
    if (!found?.state.running) return;
    const argv = ['node', paths.agentFile, '--kill', paths.settings, `--grace-ms=${Math.ceil(graceMs)}`] as const;
    const { exitCode, stderr } = await engine.exec(container, { argv }, { ...call, timeoutMs: graceMs + 15_000 });
    if (exitCode === 0 || (await this.#isAbsent(call))) return;
    const message = `${this.#scene.instance}: its agent in ${this.#scene.containerName} could not be ended: ${visible(stderr.trim())}`;
    throw new InstanceError('CCB_AGENT_UNREACHABLE', message, { retryable: true, instance: this.#scene.instance });
  }

  async remove(call: Call): Promise<void> {
    const { engine, container, containerName, paths, own, log } = this.#scene;
    const found = await inspection(engine, container, call);
    if (found === undefined) return assertOwnEngine(engine, own);
    if (found.state.running && !found.state.paused) {
      await engine.exec(container, { argv: ['node', '-e', REMOVE, paths.root] }, call);
    } else log('warn', 'container.files_left', { container: containerName, directory: paths.root });
  }

  async lastWords(call: Call): Promise<string> {
    const { engine, container, containerName, paths } = this.#scene;
    const argv = ['node', '-e', LOG_END, `${paths.state}/agent.log`] as const;
    const agent = await engine.exec(container, { argv }, { ...call, timeoutMs: 3_000 }).then(
      ({ stdout }) => visible(stdout.trim()) || '(nothing)',
      () => '(it cannot be read)',
    );
    return `the agent's log in ${containerName} ends:\n${agent}\nand the container's:\n${await lastLines(engine, container, call)}`;
  }

  async #install(settings: AgentSettings, call: Call): Promise<void> {
    const { engine, container, containerName, paths } = this.#scene;
    const files = {
      'agent.cjs': readFileSync(agentFileFor(settings.program), 'utf8'),
      'settings.json': `${JSON.stringify(settings)}\n`,
    };
    const command = { argv: ['node', '-e', INSTALL, paths.root], input: JSON.stringify(files) } as const;
    const { exitCode, stderr } = await withNode(containerName, () => engine.exec(container, command, call));
    if (exitCode === 0) return;
    const full = /ENOSPC|EDQUOT/.test(stderr);
    const message = `${this.#scene.instance}: the agent could not be put into ${paths.root} of ${containerName}: ${visible(stderr.trim().split('\n').at(-1) ?? '')}`;
    throw new InstanceError(full ? 'CCB_DISK_FULL' : 'CCB_AGENT_UNREACHABLE', message, {
      instance: this.#scene.instance,
    });
  }

  async #agentLives(call: Call): Promise<boolean> {
    return await isAlive(this.#scene.engine, this.#scene.container, this.#scene.paths, call);
  }

  /** The directory of the agent is gone, and the agent with it. */
  async #isAbsent(call: Call): Promise<boolean> {
    const argv = [
      'node',
      '-e',
      `process.exit(require('fs').existsSync(process.argv[1]) ? 1 : 0)`,
      this.#scene.paths.agentFile,
    ];
    const { exitCode } = await this.#scene.engine.exec(
      this.#scene.container,
      { argv: argv as [string, ...string[]] },
      call,
    );
    return exitCode === 0;
  }

  async #inspect(call: Call): Promise<ContainerInspection> {
    const { engine, container, containerName, instance, own } = this.#scene;
    const found = await inspection(engine, container, call);
    if (found !== undefined) return found;
    assertOwnEngine(engine, own);
    const message = `${instance}: the container ${containerName} (${container.slice(0, 12)}) that it was adopted from is gone, and what the agent kept in it too. Adopt another one.`;
    throw new InstanceError('CCB_NOT_FOUND', message, { instance });
  }
}
