import { setTimeout as delay } from 'node:timers/promises';
import type { Driver, DriverContext, DriverFactory } from '../drivers/driver.ts';
import type { ProgramHealth } from '../protocol/frames.ts';
import type { AgentLog } from './log.ts';
import { processStat } from './proc.ts';
import type { ProgramFile } from './program-record.ts';

/** ms before each further start of a program that keeps dying; the last one repeats. */
const BACKOFF_MS = [0, 100, 500, 2_000, 5_000];
const HEALTHY_MS = 30_000;
const START_MS = 60_000;

/** Keeps the program there: starts it, notices its end, starts it again with growing pauses that a healthy while resets. */
export class Supervisor {
  readonly driver: Driver;
  readonly #log: AgentLog;
  readonly #ended = new AbortController();
  #up = false;
  #starting: Promise<void> | undefined;
  #failures = 0;
  #startedAt = 0;
  #restarts = 0;

  constructor(
    make: DriverFactory,
    context: Omit<DriverContext, 'spawned' | 'exited' | 'log'>,
    file: ProgramFile,
    log: AgentLog,
  ) {
    this.#log = log;
    this.driver = make({
      ...context,
      log,
      spawned: (program) => {
        file.write(program);
        this.#startedAt = Date.now();
        this.#up = true;
        this.#restarts += 1;
      },
      exited: (program) => {
        this.#up = false;
        this.#failures = Date.now() - this.#startedAt >= HEALTHY_MS ? 1 : this.#failures + 1;
        file.clear();
        if (!this.#ended.signal.aborted) log('warn', 'program.exited', program);
      },
    });
  }

  /** true: it takes a command now. Else the promise of that. Concurrent callers share one start. */
  ready(): true | Promise<void> {
    if (this.#up && this.#starting === undefined) return true;
    this.#starting ??= this.#start().finally(() => {
      this.#starting = undefined;
    });
    return this.#starting;
  }

  /** How often the program was spawned; a change between two commands is a restart. */
  get spawns(): number {
    return this.#restarts;
  }

  health(): ProgramHealth {
    if (!this.#up) return 'idle';
    const { pid } = this.driver;
    if (pid === undefined) return 'running';
    const state = processStat(pid)?.state;
    if (state === undefined || state === 'Z' || state === 'X') return 'dead';
    return state === 'T' || state === 't' ? 'stopped' : 'running';
  }

  async stop(graceMs: number): Promise<void> {
    this.#ended.abort();
    await this.driver.stop(graceMs);
    this.#up = false;
  }

  async #start(): Promise<void> {
    if (this.#failures > 0 && Date.now() - this.#startedAt >= HEALTHY_MS) this.#failures = 0;
    const pause = BACKOFF_MS[Math.min(this.#failures, BACKOFF_MS.length - 1)] ?? 0;
    if (pause > 0) {
      this.#log('info', 'program.backoff', { waitMs: pause, failures: this.#failures });
      await delay(pause, undefined, { signal: this.#ended.signal });
    }
    try {
      await this.driver.start(AbortSignal.any([this.#ended.signal, AbortSignal.timeout(START_MS)]));
      // A loopback program spawns nothing and still is up.
      this.#up = true;
      this.#startedAt = Date.now();
    } catch (error) {
      this.#failures += 1;
      throw error;
    }
  }
}
