import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { CommandEvent, CommandResult, Cursor, InstanceRecord } from '@ccb/instance-interface';
import { childProgram } from './child-program.ts';
import { within } from './deadline.ts';
import type { Sandbox } from './sandbox.ts';

export interface BridgeRequest {
  readonly record: InstanceRecord;
  readonly id: string;
  readonly text: string;
  /** Resumes; absent: sends, under the same id. */
  readonly after?: Cursor | undefined;
  /** What the record has names for. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** A command to run after it. */
  readonly next?: string | undefined;
}

export type BridgeLine =
  | { readonly type: 'opened'; readonly program: number | undefined }
  | { readonly type: 'asked' }
  | { readonly type: 'event'; readonly event: CommandEvent }
  | { readonly type: 'result'; readonly result: CommandResult }
  | { readonly type: 'next'; readonly output: string; readonly success: boolean }
  | { readonly type: 'error'; readonly code: string; readonly message: string };

/** A bridge in a process of its own, and what it told before it ended. */
export class Bridge {
  text = '';
  /** Of every event, in the order told. */
  readonly cursors: Cursor[] = [];
  restarted = false;
  result: CommandResult | undefined;
  next: { readonly output: string; readonly success: boolean } | undefined;
  error: { readonly code: string; readonly message: string } | undefined;
  program: number | undefined;
  killed = false;
  stage: 'starting' | 'opened' | 'asked' | 'ended' = 'starting';
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown>;
  #complaint = '';
  #torn = '';
  #watchers: (() => void)[] = [];

  static async start(sandbox: Sandbox, request: BridgeRequest): Promise<Bridge> {
    const bridge = new Bridge(await childProgram(sandbox, 'bridge'), sandbox, request);
    sandbox.defer(() => bridge.kill());
    return bridge;
  }

  private constructor(program: string, sandbox: Sandbox, request: BridgeRequest) {
    this.#child = spawn(process.execPath, [program, JSON.stringify(request)], {
      env: {
        PATH: process.env.PATH,
        HOME: sandbox.home,
        CCB_HOME: sandbox.home,
        ...(process.env.DOCKER_HOST !== undefined && { DOCKER_HOST: process.env.DOCKER_HOST }),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#closed = once(this.#child, 'close').then(() => this.#changed());
    this.#child.stdout?.setEncoding('utf8').on('data', (chunk: string) => this.#read(chunk));
    this.#child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      this.#complaint = (this.#complaint + chunk).slice(-2_000);
    });
  }

  get cursor(): Cursor | undefined {
    return this.cursors.at(-1);
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  get complaint(): string {
    return this.error === undefined ? this.#complaint : `${this.error.code}: ${this.error.message}`;
  }

  /** Resolves when this holds, or the bridge has ended. */
  async until(holds: () => boolean, timeoutMs: number): Promise<void> {
    const reached = new Promise<void>((resolve) => {
      const look = (): void => {
        if (holds()) resolve();
      };
      this.#watchers.push(look);
      look();
    });
    await within(timeoutMs, 'the bridge', Promise.race([reached, this.#closed]));
  }

  async ended(timeoutMs: number): Promise<void> {
    await within(timeoutMs, 'the end of the bridge', this.#closed);
  }

  /** Resolves when everything that it told was read. */
  async kill(): Promise<void> {
    this.killed = true;
    this.#child.kill('SIGKILL');
    await this.#closed;
  }

  #read(chunk: string): void {
    const lines = (this.#torn + chunk).split('\n');
    // What a killed bridge did not finish does not count.
    this.#torn = lines.pop() ?? '';
    for (const line of lines) this.#take(JSON.parse(line) as BridgeLine);
    this.#changed();
  }

  #take(line: BridgeLine): void {
    if (line.type === 'opened') this.program = line.program;
    if (line.type === 'opened' || line.type === 'asked') this.stage = line.type;
    else if (line.type === 'result') {
      this.result = line.result;
      this.stage = 'ended';
    } else if (line.type === 'next') this.next = line;
    else if (line.type === 'error') this.error = line;
    else this.#event(line.event);
  }

  #event(event: CommandEvent): void {
    this.cursors.push(event.cursor);
    if (event.type === 'text' && event.stream !== 'stderr') this.text += event.text;
    if (event.type === 'status' && event.status === 'restarted') this.restarted = true;
  }

  #changed(): void {
    for (const watch of this.#watchers) watch();
  }
}
