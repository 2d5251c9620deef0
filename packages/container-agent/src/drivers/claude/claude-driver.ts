import { statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { RunEnd } from '@ccb/instance-interface';
import type { Driver, DriverContext, Evidence, Turn } from '../driver.ts';
import { DriverError } from '../driver-error.ts';
import { ClaudeLife } from './claude-life.ts';
import { evidenceOf } from './evidence/evidence.ts';
import { Executable } from './executable.ts';
import { SessionFile } from './session-file.ts';

/** Claude Code, spoken to in its own stream of JSON; one conversation, gone on with after each restart. */
export function createClaudeDriver(context: DriverContext): Driver {
  return new ClaudeDriver(context);
}

class ClaudeDriver implements Driver {
  readonly #context: DriverContext;
  readonly #executable: Executable;
  readonly #session: SessionFile;
  #life: ClaudeLife | undefined;
  #starting: Promise<void> | undefined;
  #abortStart: AbortController = new AbortController();
  #stopping: Promise<void> | undefined;
  #paused = false;

  constructor(context: DriverContext) {
    this.#context = context;
    this.#executable = new Executable(context);
    this.#session = new SessionFile(context);
  }

  get pid(): number | undefined {
    return this.#life?.process.exit === undefined ? this.#life?.process.pid : undefined;
  }

  get version(): string | undefined {
    return this.#executable.version;
  }

  start(signal: AbortSignal): Promise<void> {
    this.#starting ??= this.#start(signal).finally(() => {
      this.#starting = undefined;
    });
    return this.#starting;
  }

  run(turn: Turn): Promise<RunEnd> {
    if (this.#life && this.pid !== undefined) return this.#life.run(turn);
    const error = {
      code: 'CCB_PROGRAM_EXITED',
      message: 'the command was not run: claude has ended before',
      retryable: true,
    };
    return Promise.resolve({ success: false, completedBy: 'exit', error });
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

  async evidence(): Promise<Evidence | undefined> {
    const turn = this.#life?.turn;
    const pid = this.pid;
    if (turn === undefined || pid === undefined) return undefined;
    return evidenceOf({ pid, turn, env: this.#context.env, sessionId: this.#session.sessionId });
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
    const abort = new AbortController();
    const forward = (): void => abort.abort(signal.reason);
    signal.addEventListener('abort', forward);
    this.#abortStart = abort;
    try {
      await this.#life?.process.exited;
      requireDirectory(this.#context.workspace);
      this.#life = await this.#begin(abort);
      if (this.#paused) this.#life.process.pause();
    } finally {
      signal.removeEventListener('abort', forward);
    }
  }

  /** Its version is asked beside its start, not before: a tenth of a second. A wrong one is ended, and has seen no prompt. */
  async #begin(abort: AbortController): Promise<ClaudeLife> {
    const executable = this.#executable.locate();
    const checked = this.#executable.check(executable, abort.signal);
    checked.catch((error: unknown) => abort.abort(error));
    let life: ClaudeLife;
    try {
      life = await ClaudeLife.start({ context: this.#context, executable, session: this.#session }, abort.signal);
    } catch (error) {
      // What it is says more than how it ended.
      await checked;
      throw error;
    }
    try {
      await checked;
      return life;
    } catch (error) {
      await life.process.end(0);
      throw error;
    }
  }

  async #stop(graceMs: number): Promise<void> {
    this.#abortStart.abort(new DriverError('CCB_STOPPED', 'claude was stopped while it started'));
    await this.#starting?.catch(() => {});
    const life = this.#life;
    if (life === undefined) return;
    // Paused, it would never be seen to end.
    life.process.resume();
    const began = performance.now();
    if (life.turn !== undefined) {
      life.interrupt();
      const timer = new AbortController();
      const late = delay(graceMs / 2, undefined, { signal: timer.signal }).catch(() => {});
      await Promise.race([life.turn?.ended, life.process.exited, late]);
      timer.abort();
    }
    await life.process.end(Math.max(0, graceMs - (performance.now() - began)));
    this.#life = undefined;
  }
}

function requireDirectory(workspace: string): void {
  if (statSync(workspace, { throwIfNoEntry: false })?.isDirectory()) return;
  throw new DriverError('CCB_NOT_FOUND', `The workspace ${workspace} is not a directory. Make it first.`);
}
