import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { driverFactory } from '../drivers/catalogue.ts';
import type { DriverFactory } from '../drivers/driver.ts';
import type { ProgramHealth } from '../protocol/frames.ts';
import type { AgentLog } from './log.ts';
import { ProgramFile } from './program-record.ts';
import { Refusal } from './refusal.ts';
import type { AgentSettings } from './settings.ts';
import { endStrays, instanceVariable } from './strays.ts';
import { Supervisor } from './supervisor.ts';
import { Turns, type TurnsParts } from './turns.ts';

/** The contained program: not there before the secrets are, then kept up until the end. */
export class Program {
  readonly name: string;
  readonly #settings: AgentSettings;
  readonly #parts: Omit<TurnsParts, 'supervisor'>;
  readonly #log: AgentLog;
  readonly #file: ProgramFile;
  readonly #directory: string;
  #makeDriver: DriverFactory | undefined;
  /** Why there is none. */
  #unknown: unknown;
  #supervisor: Supervisor | undefined;
  #turns: Turns | undefined;

  constructor(settings: AgentSettings, parts: Omit<TurnsParts, 'supervisor'>) {
    this.name = settings.program;
    this.#settings = settings;
    this.#parts = parts;
    this.#log = parts.log;
    this.#file = new ProgramFile(settings.state);
    this.#directory = join(settings.state, 'program');
  }

  get turns(): Turns | undefined {
    return this.#turns;
  }

  get supervisor(): Supervisor | undefined {
    return this.#supervisor;
  }

  get pid(): number | undefined {
    return this.#supervisor?.driver.pid;
  }

  /** Its own, once it is known. */
  get version(): string | undefined {
    return this.#supervisor?.driver.version;
  }

  health(): ProgramHealth {
    return this.#supervisor?.health() ?? 'idle';
  }

  /** Ends what an agent that died left behind. Before anything of ours is started. */
  endLeftovers(): void {
    // There from the program's first start to a stop that ended everything: without it nothing can be left.
    if (!existsSync(this.#directory)) return;
    const survivor = this.#file.survivor();
    const left = endStrays(this.#settings.instanceId, survivor?.group);
    if (survivor !== undefined) this.#log('warn', 'program.leftover_ended', survivor);
    if (left.length > 0) this.#log('error', 'program.strays_left', { pids: left });
    this.#file.clear();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  /** Loads what the program needs. Before anything else; a program that nobody knows is told to whoever configures it. */
  async load(): Promise<void> {
    try {
      this.#makeDriver = await driverFactory(this.name);
    } catch (error) {
      this.#unknown = error;
    }
  }

  /** Takes the secrets and brings the program up. The first ones count for this agent's life. @throws {Refusal} CCB_SECRET_MISSING */
  async configure(secrets: Readonly<Record<string, string>>): Promise<void> {
    if (this.#turns === undefined) {
      const missing = this.#settings.secrets.filter((name) => !Object.hasOwn(secrets, name));
      if (missing.length > 0) throw this.unconfigured(missing);
      this.#make(secrets);
    }
    await this.#supervisor?.ready();
  }

  unconfigured(missing: readonly string[] = this.#settings.secrets): Refusal {
    const names = missing.length === 0 ? '' : ` (${missing.join(', ')})`;
    return new Refusal(
      'CCB_SECRET_MISSING',
      `the program waits for its secrets${names}; give them with env when the instance is opened`,
    );
  }

  async stop(graceMs: number): Promise<void> {
    try {
      await this.#turns?.stop(graceMs);
    } finally {
      this.#endStrays();
      this.#file.clear();
      rmSync(this.#directory, { recursive: true, force: true });
    }
  }

  /** Without grace, at once: for an agent that is about to break. */
  kill(): void {
    endStrays(this.#settings.instanceId, this.#file.survivor()?.group);
  }

  #endStrays(): void {
    const left = endStrays(this.#settings.instanceId);
    if (left.length > 0) this.#log('error', 'program.strays_left', { pids: left });
  }

  #make(secrets: Readonly<Record<string, string>>): void {
    const makeDriver = this.#makeDriver;
    if (makeDriver === undefined) throw this.#unknown;
    const settings = this.#settings;
    const directory = this.#directory;
    const memory = join(settings.state, 'memory');
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    mkdirSync(memory, { recursive: true, mode: 0o700 });
    const named = Object.fromEntries(settings.secrets.map((name) => [name, secrets[name] as string]));
    const context = {
      workspace: settings.workspace,
      env: { ...settings.env, ...named, [instanceVariable]: settings.instanceId },
      directory,
      memory,
      args: settings.programArgs,
      endStrays: () => this.#endStrays(),
    };
    this.#supervisor = new Supervisor(makeDriver, context, this.#file, this.#log);
    this.#turns = new Turns({ ...this.#parts, supervisor: this.#supervisor, stall: settings.stall });
  }
}
