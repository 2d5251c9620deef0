import type { Driver, DriverContext, DriverFactory } from '../drivers/driver.ts';
import { DriverError } from '../drivers/driver-error.ts';
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
        this.#record(() => file.write(program));
        this.#startedAt = performance.now();
        this.#up = true;
        this.#restarts += 1;
      },
      exited: (program) => {
        this.#up = false;
        this.#failures = this.#wasHealthy ? 1 : this.#failures + 1;
        this.#record(() => file.clear());
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
    this.#ended.abort(new DriverError('CCB_STOPPED', 'the program was stopped', { retryable: true }));
    await this.driver.stop(graceMs);
    this.#up = false;
  }

  get #wasHealthy(): boolean {
    return performance.now() - this.#startedAt >= HEALTHY_MS;
  }

  async #start(): Promise<void> {
    const { signal } = this.#ended;
    signal.throwIfAborted();
    if (this.#failures > 0 && this.#wasHealthy) this.#failures = 0;
    const before = this.#failures;
    const pause = BACKOFF_MS[Math.min(before, BACKOFF_MS.length - 1)] ?? 0;
    try {
      if (pause > 0) {
        this.#log('info', 'program.backoff', { waitMs: pause, failures: before });
        await this.#pause(pause);
      }
      await this.#startDriver();
      // A loopback program spawns nothing and still is up.
      this.#up = true;
      this.#startedAt = performance.now();
    } catch (error) {
      // One failure, also where the exit of a program that came half up was counted already.
      this.#failures = Math.max(this.#failures, before + 1);
      this.#startedAt = performance.now();
      throw error;
    }
  }

  #pause(ms: number): Promise<void> {
    const { signal } = this.#ended;
    return new Promise((resolve, reject) => {
      const stopped = (): void => {
        clearTimeout(timer);
        reject(signal.reason);
      };
      const timer = setTimeout(() => {
        signal.removeEventListener('abort', stopped);
        resolve();
      }, ms);
      signal.addEventListener('abort', stopped, { once: true });
    });
  }

  async #startDriver(): Promise<void> {
    const { signal } = this.#ended;
    const limit = new AbortController();
    const stopped = (): void => limit.abort(signal.reason);
    const timer = setTimeout(() => {
      const message = `the program was not ready within ${START_MS} ms and was ended`;
      limit.abort(new DriverError('CCB_TIMEOUT', message, { retryable: true }));
    }, START_MS);
    signal.addEventListener('abort', stopped, { once: true });
    try {
      await this.driver.start(limit.signal);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', stopped);
    }
  }

  /** Without its record a program that outlives this agent is still found by its environment. */
  #record(change: () => void): void {
    try {
      change();
    } catch (error) {
      this.#log('warn', 'program.not_recorded', { reason: String(error) });
    }
  }
}
