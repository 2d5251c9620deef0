import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { DriverContext } from '../driver.ts';
import { DriverError } from '../driver-error.ts';
import { type Mark, MarkReader } from './marks.ts';
import { endGroup, signalGroup } from './process-group.ts';
import { ProgramFifo } from './program-fifo.ts';
import { initialScript, statusLine } from './script.ts';

/** ms that a process may take to be gone after SIGKILL. */
const REAP_MS = 5_000;
const STARTUP_TEXT = 2_000;

export interface BashExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface BashOptions {
  readonly context: DriverContext;
  /** Called at the exit, before `onExit`. */
  readonly exited: (pid: number) => void;
  /** Exists. */
  readonly directory: string;
  /** A FIFO. */
  readonly marksPath: string;
}

/**
 * One life of bash: interactive, so that an error or an interrupt ends a command and not the shell, but without a
 * terminal, and in a session of its own.
 */
export class Bash {
  readonly pid: number;
  onMark: (mark: Mark) => void = () => {};
  onExit: (exit: BashExit) => void = () => {};
  readonly #child: ChildProcess;
  readonly #marks: ProgramFifo;
  readonly #exited: Promise<BashExit>;
  // A token that no command comes upon by accident, and none of an earlier shell.
  readonly #nonce: string = randomBytes(12).toString('hex');
  #serial = 0;

  /**
   * Resolves when it can take a command.
   * @throws {DriverError} CCB_PROGRAM_NOT_FOUND without a bash, CCB_PROGRAM_EXITED when it ends at once
   */
  static async start(options: BashOptions, signal: AbortSignal): Promise<Bash> {
    signal.throwIfAborted();
    const child = await spawnBash(options);
    const bash = new Bash(child, options);
    await bash.#ready(options.marksPath, signal);
    return bash;
  }

  private constructor(child: ChildProcess, { context, marksPath, exited }: BashOptions) {
    this.pid = child.pid as number;
    this.#child = child;
    context.spawned({ pid: this.pid, group: this.pid });
    // A write to a bash that is gone is told by its exit.
    child.stdin?.on('error', () => {});
    const reader = new MarkReader(this.#nonce);
    this.#marks = new ProgramFifo(marksPath, (chunk) => {
      for (const mark of reader.push(chunk)) this.onMark(mark);
    });
    this.#exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        // The exit may be seen before the marks that preceded it.
        this.#marks.drain();
        this.#marks.close();
        child.stdin?.destroy();
        exited(this.pid);
        context.exited({ pid: this.pid, code, signal });
        this.onExit({ code, signal });
        resolve({ code, signal });
      });
    });
  }

  /** A new mark's number, and the token to ask for it with. */
  token(): { readonly serial: number; readonly token: string } {
    this.#serial += 1;
    return { serial: this.#serial, token: `${this.#nonce}.${this.#serial}` };
  }

  send(line: string): void {
    this.#child.stdin?.write(line);
  }

  /** To all of its group. */
  signal(name: NodeJS.Signals): void {
    signalGroup(this.pid, name);
  }

  /**
   * Ends it and its group. An idle one ends with its input; a busy one is hung up on, for an interactive bash ignores
   * SIGTERM, and passes that on to its background children.
   * @throws {DriverError} when not even SIGKILL ends it
   */
  async end(graceMs: number, busy: boolean): Promise<void> {
    const began = performance.now();
    this.#child.stdin?.end();
    this.signal('SIGTERM');
    if (busy) this.#child.kill('SIGHUP');
    if (!(await this.#gone(graceMs))) {
      this.signal('SIGKILL');
      if (!(await this.#gone(REAP_MS))) {
        throw new DriverError(
          'CCB_PROGRAM_EXITED',
          `bash (pid ${this.pid}) does not end on SIGKILL: it waits in the kernel. Look at its disks and network mounts.`,
        );
      }
    }
    await endGroup(this.pid, graceMs - (performance.now() - began));
  }

  async #ready(marksPath: string, signal: AbortSignal): Promise<void> {
    const closed = once(this.#child, 'close');
    let said = '';
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(0, STARTUP_TEXT);
    });
    let abort = (): void => {};
    const outcome = await new Promise<'ready' | 'aborted' | BashExit>((resolve) => {
      this.onMark = () => resolve('ready');
      this.onExit = resolve;
      abort = (): void => resolve('aborted');
      signal.addEventListener('abort', abort);
      if (signal.aborted) abort();
      this.send(initialScript(marksPath) + statusLine(this.token().token));
    });
    signal.removeEventListener('abort', abort);
    if (outcome === 'ready') return;
    this.signal('SIGKILL');
    if (outcome === 'aborted') {
      await this.#exited;
      throw signal.reason;
    }
    await Promise.race([closed, delay(REAP_MS)]);
    const text = said.trim();
    throw new DriverError(
      'CCB_PROGRAM_EXITED',
      `bash ${describeExit(outcome)} before it could take a command${text === '' ? '' : `: ${text}`}`,
    );
  }

  async #gone(timeoutMs: number): Promise<boolean> {
    const timer = new AbortController();
    const late = delay(timeoutMs, false, { signal: timer.signal }).catch(() => false);
    try {
      return await Promise.race([this.#exited.then(() => true), late]);
    } finally {
      timer.abort();
    }
  }
}

export function describeExit(exit: BashExit): string {
  return exit.signal === null ? `exited with status ${exit.code}` : `ended by ${exit.signal}`;
}

async function spawnBash({ context, directory }: BashOptions): Promise<ChildProcess> {
  // `+o history` before it is interactive, or it reads and rewrites the history file of whoever owns HOME.
  const args = ['--norc', '--noprofile', '--noediting', ...context.args, '+o', 'history', '-i'];
  // An inherited TMOUT would end an idle shell; an inherited prompt command would run between two commands.
  const { TMOUT, PROMPT_COMMAND, ...inherited } = context.env;
  const env = { ...inherited, PWD: directory };
  let child: ChildProcess;
  try {
    child = spawn('bash', args, { cwd: directory, env, stdio: ['pipe', 'ignore', 'pipe'], detached: true });
  } catch (cause) {
    throw explainSpawn(cause, context);
  }
  if (child.pid !== undefined) return child;
  const [cause] = await once(child, 'error');
  throw explainSpawn(cause, context);
}

function explainSpawn(cause: unknown, context: DriverContext): DriverError {
  const { code } = cause as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'EACCES') {
    const where = `PATH (${context.env.PATH ?? 'not set'})`;
    return new DriverError('CCB_PROGRAM_NOT_FOUND', `bash was not found on ${where}. Install it, or correct PATH.`, {
      cause,
    });
  }
  const message = `bash cannot be started: ${cause instanceof Error ? cause.message : String(cause)}`;
  return new DriverError('CCB_PROGRAM_EXITED', message, { cause, retryable: true });
}
