import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Channel, NamedPipeChannel, StreamChannel } from '@ccb/named-pipe';
import { makeFifo } from '@ccb/named-pipe/fifo';
import { agentFile } from '../../agent-file.ts';
import { AgentClient } from '../../host/agent-client.ts';
import type { ConnectOptions } from '../../host/connection.ts';
import { writeSettings } from '../../host/settings-file.ts';
import type { AgentSettings } from '../settings.ts';
import { endStrays } from '../strays.ts';

export interface Process {
  readonly child: ChildProcess;
  /** Its exit code, or the signal that ended it. */
  readonly exit: Promise<number | string>;
}

/** Where the built agent runs as it does in a container: real processes, real sockets, a directory of its own. */
export class AgentPlace implements AsyncDisposable {
  readonly root: string = mkdtempSync(join(tmpdir(), 'ccb-place-'));
  readonly state: string = join(this.root, 'state');
  readonly socket: string = join(this.state, 'agent.sock');
  readonly pipes: string = join(this.root, 'pipes', 'box');
  readonly log: string = join(this.state, 'agent.log');
  readonly settingsFile: string = join(this.root, 'settings.json');
  readonly instanceId: string = `test-${randomUUID()}`;
  /** What runs the agent. */
  node: string = process.execPath;
  /** Whom its settings are for. */
  user: number | undefined;
  readonly #children: Process[] = [];
  readonly #clients: AgentClient[] = [];

  constructor() {
    for (const path of [this.state, join(this.root, 'pipes')]) mkdirSync(path, { mode: 0o700 });
  }

  async makePipes(): Promise<void> {
    for (const kind of ['in', 'out', 'ctl']) await makeFifo(`${this.pipes}.${kind}.fifo`);
  }

  settings(changes: Partial<AgentSettings> = {}): AgentSettings {
    return {
      version: 1,
      name: 'box',
      instanceId: this.instanceId,
      socket: this.socket,
      state: this.state,
      log: this.log,
      program: 'shell',
      programArgs: [],
      workspace: this.root,
      env: { PATH: process.env.PATH ?? '/usr/bin:/bin', HOME: this.root },
      secrets: [],
      hostSilenceMs: 5_000,
      ...changes,
    };
  }

  /** Resolves when the agent listens. `through` starts it: a command line that its own is added to. */
  async start(changes: Partial<AgentSettings> = {}, through: readonly string[] = []): Promise<Process> {
    writeSettings(this.settingsFile, this.settings(changes));
    if (this.user !== undefined) chownSync(this.settingsFile, this.user, this.user);
    const agent = this.spawn([...through, this.node, ...this.#arguments(this.settingsFile, '--ready-fd=3')]);
    const ready = once(agent.child.stdio[3] as NodeJS.ReadableStream, 'data').then(() => 'ready');
    const outcome = await Promise.race([ready, agent.exit]);
    if (outcome === 'ready') return agent;
    const log = existsSync(this.log) ? readFileSync(this.log, 'utf8') : String(agent.child.stderr?.read() ?? '');
    throw new Error(`the agent did not start: ${outcome}\n${log}`);
  }

  /** `agent.cjs` with these arguments, to its end. */
  async run(...args: readonly string[]): Promise<{ code: number | string; stdout: string; stderr: string }> {
    const { child, exit } = this.spawn([this.node, ...this.#arguments(...args)]);
    const said = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name]?.setEncoding('utf8').on('data', (text: string) => {
        said[name] += text;
      });
    }
    child.stdin?.end();
    const closed = once(child, 'close');
    const code = await exit;
    await closed;
    return { code, ...said };
  }

  relay(...options: readonly string[]): Process {
    return this.relayTo(this.socket, ...options);
  }

  relayTo(socket: string, ...options: readonly string[]): Process {
    return this.spawn([this.node, ...this.#arguments('--relay', socket, ...options)]);
  }

  /** A host at the other end of a relay, or of whatever speaks on its stdio. */
  async client({ child }: Process, options: ConnectOptions = {}): Promise<AgentClient> {
    const { stdout, stdin } = child;
    if (stdout === null || stdin === null) throw new Error('it has no stdio');
    return await this.#connected(new StreamChannel({ readable: stdout, writable: stdin }), options);
  }

  async pipeClient(): Promise<AgentClient> {
    return await this.#connected(await NamedPipeChannel.connect(this.pipes, { lock: false }), {});
  }

  spawn([file = '', ...args]: readonly string[]): Process {
    const child = spawn(file, args, {
      env: { PATH: process.env.PATH, HOME: this.root },
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    });
    for (const stream of child.stdio) stream?.on('error', () => undefined);
    const exit = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | string);
    const spawned = { child, exit };
    this.#children.push(spawned);
    return spawned;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
    for (const { child } of this.#children) child.kill('SIGKILL');
    await Promise.all(this.#children.map(({ exit }) => exit));
    endStrays(this.instanceId);
    rmSync(this.root, { recursive: true, force: true });
  }

  async #connected(channel: Channel, options: ConnectOptions): Promise<AgentClient> {
    const client = await AgentClient.connect(channel, options);
    this.#clients.push(client);
    if (options.observe !== true) await client.configure({});
    return client;
  }

  #arguments(...args: readonly string[]): readonly string[] {
    return [fileURLToPath(agentFile), ...args];
  }
}
