import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { DriverContext } from '../driver.ts';
import { DriverError } from '../driver-error.ts';
import { LineReader } from './line-reader.ts';

/** Images and files in tool results come as one line. */
const LINE_BYTES = 64 * 1024 * 1024;
/** ms that what was printed before an exit may take to arrive; and that a process without a pipe may live on. */
const DRAIN_MS = 1_000;
/** ms that a process may take to be gone after SIGKILL. */
const REAP_MS = 5_000;

export interface ClaudeExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ClaudeProcessParts {
  readonly context: DriverContext;
  readonly executable: string;
  readonly args: readonly string[];
  readonly onLine: (line: string) => void;
  readonly onStderr: (chunk: Buffer) => void;
}

/** One life of Claude Code, in a session and process group of its own. */
export class ClaudeProcess {
  readonly pid: number;
  /** Resolves when it is reaped, all that it printed was taken, and its tools were ended. */
  readonly exited: Promise<ClaudeExit>;
  readonly #child: ChildProcess;
  readonly #context: DriverContext;
  #doomed: NodeJS.Timeout | undefined;
  #exit: ClaudeExit | undefined;

  /** @throws {DriverError} CCB_PROGRAM_NOT_FOUND, CCB_NOT_FOUND, CCB_PROGRAM_EXITED when it cannot be started */
  static async spawn(parts: ClaudeProcessParts): Promise<ClaudeProcess> {
    const { context, executable, args } = parts;
    // An update in the middle of an instance's life would be another program.
    const env = { DISABLE_AUTOUPDATER: '1', ...context.env, PWD: context.workspace };
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
    return new ClaudeProcess(child, parts);
  }

  private constructor(child: ChildProcess, { context, onLine, onStderr }: ClaudeProcessParts) {
    this.pid = child.pid as number;
    this.#child = child;
    this.#context = context;
    context.spawned({ pid: this.pid, group: this.pid });
    child.on('error', (error) => context.log('warn', 'claude.process', { reason: error.message }));
    child.stdin?.on('error', (error) => this.#broken('stdin', error.message));
    const tooLong = (bytes: number): void => context.log('warn', 'claude.line_too_long', { bytes });
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
  get exit(): ClaudeExit | undefined {
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
      `claude (pid ${this.pid}) does not end on SIGKILL: it waits in the kernel. Look at its disks and network mounts.`,
    );
  }

  async #whenExited(): Promise<ClaudeExit> {
    const closed = new Promise<void>((resolve) => this.#child.once('close', () => resolve()));
    const exit = await new Promise<ClaudeExit>((resolve) => {
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
      this.#context.log('warn', 'claude.pipe_lost', { pipe, reason });
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

export function describeExit({ code, signal }: ClaudeExit): string {
  return signal === null ? `exited with status ${code}` : `was ended by ${signal}`;
}

function spawnError(cause: unknown, { executable, context }: ClaudeProcessParts): DriverError {
  const { code, message } = cause as NodeJS.ErrnoException;
  // The error is the same for a missing program and a missing directory.
  if (code === 'ENOENT') {
    const text = `${executable} cannot be started in ${context.workspace}: one of the two does not exist. Make the workspace, or install Claude Code again.`;
    return new DriverError('CCB_NOT_FOUND', text, { cause });
  }
  if (code === 'EACCES' || code === 'ENOEXEC') {
    const text = `${executable} cannot be executed (${message}). Install Claude Code for this system and user.`;
    return new DriverError('CCB_PROGRAM_NOT_FOUND', text, { cause });
  }
  return new DriverError('CCB_PROGRAM_EXITED', `claude cannot be started: ${message}`, { cause, retryable: true });
}
