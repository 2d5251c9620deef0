import { statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { RunEnd } from '@ccb/instance-interface';
import type { Driver, DriverContext, Turn } from '../driver.ts';
import { DriverError } from '../driver-error.ts';
import { AcpLife } from './acp-life.ts';

/** Any program that speaks the Agent Client Protocol on its stdin and stdout; its command line is the instance's arguments. */
export function createAcpDriver(context: DriverContext): Driver {
  return new AcpDriver(context);
}

class AcpDriver implements Driver {
  readonly #context: DriverContext;
  #life: AcpLife | undefined;
  #starting: Promise<void> | undefined;
  #abortStart: AbortController = new AbortController();
  #stopping: Promise<void> | undefined;
  #paused = false;

  constructor(context: DriverContext) {
    this.#context = context;
  }

  get pid(): number | undefined {
    return this.#life?.process.exit === undefined ? this.#life?.process.pid : undefined;
  }

  get version(): string | undefined {
    return this.#life?.version;
  }

  start(signal: AbortSignal): Promise<void> {
    this.#starting ??= this.#start(signal).finally(() => {
      this.#starting = undefined;
    });
    return this.#starting;
  }

  run(turn: Turn): Promise<RunEnd> {
    if (this.#life && this.pid !== undefined) return this.#life.run(turn);
    const message = 'the command was not run: the program has ended before';
    return Promise.resolve({
      success: false,
      completedBy: 'exit',
      error: { code: 'CCB_PROGRAM_EXITED', message, retryable: true },
    });
  }

  interrupt(): void {
    this.#life?.interrupt();
  }

  signal(name: 'SIGTERM' | 'SIGKILL'): void {
    this.#life?.process.signal(name);
  }

  pause(): void {
    this.#paused = true;
    this.#life?.process.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#life?.process.resume();
  }

  stop(graceMs: number): Promise<void> {
    this.#stopping ??= this.#stop(graceMs).finally(() => {
      this.#stopping = undefined;
    });
    return this.#stopping;
  }

  async #start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.pid !== undefined) return;
    const { workspace, args } = this.#context;
    if (!statSync(workspace, { throwIfNoEntry: false })?.isDirectory())
      throw new DriverError('CCB_NOT_FOUND', `The workspace ${workspace} is not a directory. Make it first.`);
    if (args.length === 0) {
      const message =
        'The program "acp" needs to be told which one: give its command line as arguments of the program.';
      throw new DriverError('CCB_PROGRAM_ARGS', message);
    }
    const abort = new AbortController();
    const forward = (): void => abort.abort(signal.reason);
    signal.addEventListener('abort', forward);
    this.#abortStart = abort;
    try {
      await this.#life?.process.exited;
      this.#life = await AcpLife.start(this.#context, abort.signal);
      if (this.#paused) this.#life.process.pause();
    } finally {
      signal.removeEventListener('abort', forward);
    }
  }

  async #stop(graceMs: number): Promise<void> {
    this.#abortStart.abort(new DriverError('CCB_STOPPED', 'the program was stopped while it started'));
    await this.#starting?.catch(() => {});
    const life = this.#life;
    if (life === undefined) return;
    // Paused, it would never be seen to end.
    life.process.resume();
    const began = performance.now();
    if (life.ended !== undefined) {
      life.interrupt();
      const timer = new AbortController();
      const late = delay(graceMs / 2, undefined, { signal: timer.signal }).catch(() => {});
      await Promise.race([life.ended, life.process.exited, late]);
      timer.abort();
    }
    await life.process.end(Math.max(0, graceMs - (performance.now() - began)));
    this.#life = undefined;
  }
}
