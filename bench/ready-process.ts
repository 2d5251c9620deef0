import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

const READY_MS = 30_000;
const END_MS = 15_000;
const bareNode: string = fileURLToPath(new URL('./children/bare-node.cjs', import.meta.url));

/** A Node process that says on descriptor 3 that it is ready. */
export class ReadyProcess implements AsyncDisposable {
  readonly pid: number;
  /** From the spawn to the first byte. */
  readonly readyMs: number;
  /** Processor time of all its threads in that. */
  readonly readyCpuMs: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, readyMs: number) {
    this.#child = child;
    this.pid = child.pid as number;
    this.readyMs = readyMs;
    this.readyCpuMs = cpuMs(this.pid);
  }

  /** Node alone, with one FIFO open when it is given one. */
  static bare(fifo?: string): Promise<ReadyProcess> {
    return ReadyProcess.start([bareNode, ...(fifo === undefined ? [] : [fifo])]);
  }

  static async start(args: readonly string[]): Promise<ReadyProcess> {
    const before = performance.now();
    const child = spawn(process.execPath, args, {
      cwd: '/',
      env: { PATH: process.env.PATH },
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    });
    try {
      await firstByte(child);
      return new ReadyProcess(child, performance.now() - before);
    } catch (cause) {
      child.kill('SIGKILL');
      throw new Error(`node ${args.join(' ')} did not become ready`, { cause });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), END_MS);
    await gone;
    clearTimeout(timer);
  }
}

async function firstByte(child: ChildProcess): Promise<void> {
  const pipe = child.stdio[3] as Readable;
  let timer: NodeJS.Timeout | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`not a byte within ${READY_MS} ms`)), READY_MS);
      pipe.once('data', () => resolve());
      child.once('error', reject);
      child.once('exit', (code, signal) => reject(new Error(`it ended (${code ?? signal})`)));
    });
  } finally {
    clearTimeout(timer);
    pipe.destroy();
  }
}

function cpuMs(pid: number): number {
  const tasks = `/proc/${pid}/task`;
  const nanoseconds = readdirSync(tasks).map((task) =>
    parseInt(readFileSync(`${tasks}/${task}/schedstat`, 'latin1'), 10),
  );
  return nanoseconds.reduce((sum, value) => sum + value, 0) / 1e6;
}
