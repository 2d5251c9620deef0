import { rmSync, statSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import type { RunEnd } from '@ccb/instance-interface';
import { makeFifo } from '@ccb/named-pipe/fifo';
import type { Driver, DriverContext, Turn } from '../driver.ts';
import { DriverError } from '../driver-error.ts';
import { Bash, type BashExit, describeExit } from './bash.ts';
import type { OutputPair } from './output-pair.ts';
import { OutputPairs } from './output-pairs.ts';
import { Leftovers } from './process-group.ts';
import { type CommandEnd, SourcedCommand } from './sourced-command.ts';

const RESTART_MS = 10_000;

/** A bash that keeps its state from command to command. */
export function createShellDriver(context: DriverContext): Driver {
  return new ShellDriver(context);
}

class ShellDriver implements Driver {
  readonly #context: DriverContext;
  readonly #marksPath: string;
  readonly #commandPath: string;
  readonly #pairs: OutputPairs;
  #bash: Bash | undefined;
  #starting: Promise<void> | undefined;
  #abortStart: AbortController = new AbortController();
  #stopping: Promise<void> | undefined;
  #making: Promise<OutputPair> | undefined;
  #command: SourcedCommand | undefined;
  /** An interrupt that came before the command was sent. */
  #interrupted = false;
  #directory: string;
  #status = 0;
  #leftovers: Leftovers[] = [];

  constructor(context: DriverContext) {
    this.#context = context;
    this.#directory = context.workspace;
    this.#marksPath = join(context.directory, 'marks');
    this.#commandPath = join(context.directory, 'command');
    this.#pairs = new OutputPairs(context.directory);
  }

  get pid(): number | undefined {
    return this.#bash?.pid;
  }

  start(signal: AbortSignal): Promise<void> {
    if (this.#bash) return Promise.resolve();
    this.#starting ??= this.#start(signal).finally(() => {
      this.#starting = undefined;
    });
    return this.#starting;
  }

  async run(turn: Turn): Promise<RunEnd> {
    this.#interrupted = false;
    let end: CommandEnd;
    try {
      end = await this.#source(turn, this.#pairs.take() ?? (await this.#makePair()));
    } catch (error) {
      return notRun(error);
    }
    if (end.lost) {
      // Nobody else ends what a killed shell was running; what one that exits leaves in the background may go on.
      if (end.lost.signal !== null) this.#leftovers.at(-1)?.signal('SIGKILL');
      if (!this.#stopping) await this.#replace(end.lost, turn);
      return end.begun
        ? lostEnd(end.lost)
        : notRun(new DriverError('CCB_PROGRAM_EXITED', `bash ${describeExit(end.lost)} before`));
    }
    this.#status = end.status;
    if (end.directory !== '') this.#directory = end.directory;
    return { success: end.status === 0, completedBy: 'program', exitCode: end.status };
  }

  interrupt(): void {
    this.#interrupted = true;
    this.#command?.interrupt();
  }

  signal(name: 'SIGTERM' | 'SIGKILL'): void {
    this.#bash?.signal(name);
  }

  pause(): void {
    this.#pairs.pause();
  }

  resume(): void {
    this.#pairs.resume();
  }

  stop(graceMs: number): Promise<void> {
    this.#stopping ??= this.#stop(graceMs).finally(() => {
      this.#stopping = undefined;
    });
    return this.#stopping;
  }

  async #start(signal: AbortSignal): Promise<void> {
    const abort = new AbortController();
    const forward = (): void => abort.abort(signal.reason);
    signal.addEventListener('abort', forward);
    if (signal.aborted) forward();
    this.#abortStart = abort;
    try {
      await Promise.all([makeFifo(this.#marksPath, { mode: 0o600 }), this.#pairs.prepare()]);
      const directory = [this.#directory, this.#context.workspace].find(isDirectory);
      if (directory === undefined) {
        throw new DriverError(
          'CCB_NOT_FOUND',
          `The workspace ${this.#context.workspace} is not a directory. Make it first.`,
        );
      }
      const options = {
        context: this.#context,
        directory,
        marksPath: this.#marksPath,
        exited: (pid: number): void => {
          this.#bash = undefined;
          this.#leftovers = [...this.#leftovers, new Leftovers(pid)].filter((left) => left.isAlive);
        },
      };
      this.#bash = await Bash.start(options, abort.signal);
      this.#directory = directory;
      this.#status = 0;
    } finally {
      signal.removeEventListener('abort', forward);
    }
  }

  /** Calls `settle` within the tick of the last mark: what comes later was written after the command's end. */
  #source(turn: Turn, pair: OutputPair): Promise<CommandEnd> {
    pair.attach(turn);
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        this.#command = undefined;
        this.#pairs.settle(pair);
      };
      try {
        const bash = this.#bash;
        if (!bash) throw new DriverError('CCB_PROGRAM_EXITED', 'bash has ended', { retryable: true });
        writeFileSync(this.#commandPath, turn.text, { mode: 0o600 });
        const stderr = turn.stderr === 'merge' ? undefined : pair.stderrPath;
        const request = { lastStatus: this.#status, file: this.#commandPath, stdout: pair.stdoutPath, stderr };
        this.#command = new SourcedCommand(bash, request, (end) => {
          settle();
          resolve(end);
        });
        if (this.#interrupted) this.#command.interrupt();
      } catch (error) {
        settle();
        reject(error);
      }
    });
  }

  /** The shell is gone: another one, in its directory. */
  async #replace(exit: BashExit, turn: Turn): Promise<void> {
    const wanted = this.#directory;
    try {
      await this.start(AbortSignal.timeout(RESTART_MS));
    } catch (error) {
      // The next start tells whoever asks for it.
      this.#context.log('warn', 'shell.restart_failed', { reason: String(error) });
      return;
    }
    const place = this.#directory === wanted ? wanted : `${this.#directory}, as ${wanted} is gone`;
    const message = `bash ${describeExit(exit)}; a new one runs in ${place}, without the old one's variables and functions`;
    turn.update({ type: 'status', status: 'restarted', message });
  }

  async #makePair(): Promise<OutputPair> {
    this.#making = this.#pairs.make();
    try {
      return await this.#making;
    } finally {
      this.#making = undefined;
    }
  }

  async #stop(graceMs: number): Promise<void> {
    const began = performance.now();
    this.#abortStart.abort(new DriverError('CCB_STOPPED', 'bash was stopped while it started'));
    await Promise.allSettled([this.#starting, this.#making]);
    for (const left of this.#leftovers) left.signal('SIGTERM');
    try {
      await this.#bash?.end(graceMs, this.#command !== undefined);
      await Promise.all(this.#leftovers.map((left) => left.end(graceMs - (performance.now() - began))));
    } finally {
      this.#leftovers = [];
      this.#pairs.close();
      for (const path of [this.#marksPath, this.#commandPath]) rmSync(path, { force: true });
    }
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function lostEnd(exit: BashExit): RunEnd {
  const { code, signal } = exit;
  if (signal === null) return { success: code === 0, completedBy: 'exit', exitCode: code ?? 0 };
  const message = `bash ${describeExit(exit)} while it ran the command`;
  const error = { code: 'CCB_PROGRAM_EXITED', message, retryable: false };
  return { success: false, completedBy: 'exit', exitCode: 128 + constants.signals[signal], error };
}

/** The command never reached bash. */
function notRun(cause: unknown): RunEnd {
  const { code, message } = cause as NodeJS.ErrnoException;
  const known = code === 'ENOSPC' ? 'CCB_DISK_FULL' : code?.startsWith('CCB_') ? code : 'CCB_PIPE';
  const error = { code: known, message: `the command was not run: ${message}`, retryable: true };
  return { success: false, completedBy: 'exit', error };
}
