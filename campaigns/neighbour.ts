import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { InstanceRecord } from '@ccb/instance-interface';
import { childProgram } from './child-program.ts';
import { within } from './deadline.ts';
import type { Sandbox } from './sandbox.ts';

export interface NeighbourRequest {
  readonly record: InstanceRecord;
  readonly rounds: number;
  /** What the record has names for. */
  readonly env: Readonly<Record<string, string>>;
}

export type NeighbourLine =
  | { readonly type: 'round'; readonly output: string; readonly startMs: number }
  | { readonly type: 'error'; readonly code: string; readonly message: string };

/** A host in a process of its own, and what it told before it ended. */
export class Neighbour {
  /** What each round was answered. */
  readonly outputs: string[] = [];
  readonly startsMs: number[] = [];
  /** Why it could not go on. */
  error: string | undefined;
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown>;
  #torn = '';
  #complaint = '';

  static async start(sandbox: Sandbox, request: NeighbourRequest): Promise<Neighbour> {
    const neighbour = new Neighbour(await childProgram(sandbox, 'neighbour'), sandbox, request);
    sandbox.defer(() => neighbour.kill());
    return neighbour;
  }

  private constructor(program: string, sandbox: Sandbox, request: NeighbourRequest) {
    this.#child = spawn(process.execPath, [program, JSON.stringify(request)], {
      env: { PATH: process.env.PATH, HOME: sandbox.home, CCB_HOME: sandbox.home },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#closed = once(this.#child, 'close').then(() => {
      if (this.#complaint !== '') this.error ??= this.#complaint;
    });
    this.#child.stdout?.setEncoding('utf8').on('data', (chunk: string) => this.#read(chunk));
    this.#child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      this.#complaint = (this.#complaint + chunk).slice(-2_000);
    });
  }

  async ended(timeoutMs: number): Promise<void> {
    await within(timeoutMs, 'the end of a neighbour', this.#closed);
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#closed;
  }

  #read(chunk: string): void {
    const lines = (this.#torn + chunk).split('\n');
    this.#torn = lines.pop() ?? '';
    for (const text of lines) {
      const line = JSON.parse(text) as NeighbourLine;
      if (line.type === 'error') this.error = `${line.code}: ${line.message}`;
      else {
        this.outputs.push(line.output);
        this.startsMs.push(line.startMs);
      }
    }
  }
}
