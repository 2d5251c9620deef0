import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { DriverContext } from './driver.ts';
import { DriverError } from './driver-error.ts';
import { LineReader } from './line-reader.ts';

/** Images and files in tool results come as one line. */
const LINE_BYTES = 64 * 1024 * 1024;
/** ms that what was printed before an exit may take to arrive; and that a process without a pipe may live on. */
const DRAIN_MS = 1_000;
/** ms that a process may take to be gone after SIGKILL. */
const REAP_MS = 5_000;

export interface ProgramExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ProgramProcessParts {
  /** As the log and errors call it. */
  readonly name: string;
  /** What a person would install. */
  readonly title: string;
  readonly context: DriverContext;
  /** Its whole environment, but for PWD. */
  readonly env: Readonly<Record<string, string>>;
  readonly executable: string;
  readonly args: readonly string[];
  readonly onLine: (line: string) => void;
  readonly onStderr: (chunk: Buffer) => void;
}

/** One life of a program that speaks JSON in lines, in a session and process group of its own. */
export class ProgramProcess {
  readonly pid: number;
  /** Resolves when it is reaped, all that it printed was taken, and its tools were ended. */
  readonly exited: Promise<ProgramExit>;
  readonly #child: ChildProcess;
  readonly #context: DriverContext;
  readonly #name: string;
  #doomed: NodeJS.Timeout | undefined;
  #exit: ProgramExit | undefined;

  /** @throws {DriverError} CCB_PROGRAM_NOT_FOUND, CCB_NOT_FOUND, CCB_PROGRAM_EXITED when it cannot be started */
  static async spawn(parts: ProgramProcessParts): Promise<ProgramProcess> {
    const { executable, args } = parts;
    const { context } = parts;
    const env = { ...parts.env, PWD: context.workspace };
    let child: ChildProcess;
    try {
      child = spawn(executable, args, { cwd: context.workspace, env, stdio: 'pipe', detached: true });
    } catch (cause) {
      throw spawnError(cause, parts);
    }
    if (child.pid === undefined) {
      const [cause] = await once(child, 'error');
      throw spawnError(cause, parts);
    }
    return new ProgramProcess(child, parts);
  }

  private constructor(child: ChildProcess, { name, context, onLine, onStderr }: ProgramProcessParts) {
    this.#name = name;
    this.pid = child.pid as number;
    this.#child = child;
    this.#context = context;
    context.spawned({ pid: this.pid, group: this.pid });
    child.on('error', (error) => context.log('warn', `${name}.process`, { reason: error.message }));
    child.stdin?.on('error', (error) => this.#broken('stdin', error.message));
    const tooLong = (bytes: number): void => context.log('warn', `${name}.line_too_long`, { bytes });
    const lines = new LineReader(onLine, tooLong, LINE_BYTES);
    child.stdout?.on('data', (chunk: Buffer) => lines.push(chunk));
    child.stdout?.once('end', () => {
      lines.end();
      this.#broken('stdout', 'it was closed');
    });
    child.stderr?.on('data', onStderr);
    this.exited = this.#whenExited();
  }

  /** undefined while it lives. */
  get exit(): ProgramExit | undefined {
    return this.#exit;
  }

  /** One line of JSON. A full pipe is waited for in memory: there is one prompt at a time. */
  send(message: object): void {
    const { stdin } = this.#child;
    if (stdin?.writable) stdin.write(`${JSON.stringify(message)}\n`);
  }

  pause(): void {
    if (this.#exit === undefined) this.#child.stdout?.pause();
  }

  resume(): void {
    this.#child.stdout?.resume();
  }

  signal(name: NodeJS.Signals): void {
    if (this.#exit !== undefined) return;
    try {
      process.kill(-this.pid, name);
    } catch {
      // It ended just now.
    }
  }

  /**
   * Ends it: an idle one by the end of its input, then SIGTERM, then SIGKILL.
   * @throws {DriverError} when not even SIGKILL ends it
   */
  async end(graceMs: number): Promise<void> {
    this.#child.stdin?.end();
    if (await this.#goneWithin(graceMs / 2)) return;
    this.signal('SIGTERM');
    if (await this.#goneWithin(graceMs / 2)) return;
    await this.kill();
  }

  /** @throws {DriverError} when not even SIGKILL ends it */
  async kill(): Promise<void> {
    this.signal('SIGKILL');
    if (await this.#goneWithin(REAP_MS)) return;
    throw new DriverError(
      'CCB_PROGRAM_EXITED',
      `${this.#name} (pid ${this.pid}) does not end on SIGKILL: it waits in the kernel. Look at its disks and network mounts.`,
    );
  }

  async #whenExited(): Promise<ProgramExit> {
    const closed = new Promise<void>((resolve) => this.#child.once('close', () => resolve()));
    const exit = await new Promise<ProgramExit>((resolve) => {
      this.#child.once('exit', (code, signal) => resolve({ code, signal }));
    });
    clearTimeout(this.#doomed);
    this.#exit = exit;
    // Its tools have groups of their own: nobody else ends them, and they may hold its pipes.
    this.#context.endStrays();
    this.#context.exited({ pid: this.pid, ...exit });
    this.#child.stdin?.destroy();
    this.resume();
    const timer = new AbortController();
    await Promise.race([closed, delay(DRAIN_MS, undefined, { signal: timer.signal }).catch(() => {})]);
    timer.abort();
    this.#child.stdout?.destroy();
    this.#child.stderr?.destroy();
    return exit;
  }

  /** It cannot be talked with any more: it ends by itself at once, or is ended. */
  #broken(pipe: 'stdin' | 'stdout', reason: string): void {
    if (this.#exit !== undefined || this.#doomed !== undefined) return;
    this.#doomed = setTimeout(() => {
      this.#context.log('warn', `${this.#name}.pipe_lost`, { pipe, reason });
      this.signal('SIGKILL');
    }, DRAIN_MS);
  }

  async #goneWithin(timeoutMs: number): Promise<boolean> {
    const timer = new AbortController();
    const late = delay(timeoutMs, false, { signal: timer.signal }).catch(() => false);
    try {
      return await Promise.race([this.exited.then(() => true), late]);
    } finally {
      timer.abort();
    }
  }
}

export function describeExit({ code, signal }: ProgramExit): string {
  return signal === null ? `exited with status ${code}` : `was ended by ${signal}`;
}

function spawnError(cause: unknown, { name, title, executable, context }: ProgramProcessParts): DriverError {
  const { code, message } = cause as NodeJS.ErrnoException;
  // The error is the same for a missing program and a missing directory.
  if (code === 'ENOENT') {
    const text = `${executable} cannot be started in ${context.workspace}: one of the two does not exist. Make the workspace, or install ${title} again.`;
    return new DriverError('CCB_NOT_FOUND', text, { cause });
  }
  if (code === 'EACCES' || code === 'ENOEXEC') {
    const text = `${executable} cannot be executed (${message}). Install ${title} for this system and user.`;
    return new DriverError('CCB_PROGRAM_NOT_FOUND', text, { cause });
  }
  return new DriverError('CCB_PROGRAM_EXITED', `${name} cannot be started: ${message}`, { cause, retryable: true });
}
