import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import { childProgram } from './child-program.ts';
import { within } from './deadline.ts';
import type { Sandbox } from './sandbox.ts';

const LONGEST_MS = 60_000;

export interface HammerOrder {
  readonly verb: 'create' | 'send' | 'stop' | 'rm' | 'ls' | 'rename';
  readonly name: string;
  /** The new name. */
  readonly other: string;
  /** What the answer has to be. */
  readonly token: string;
}

export type HammerOutcome =
  | { readonly answer?: string | undefined; readonly code?: undefined }
  | { readonly code: string; readonly message: string };

/** A process that does as it is told, until it is killed. */
export class Hammer {
  readonly #child: ChildProcess;
  readonly #lines: Interface;
  readonly #closed: Promise<unknown>;

  static async start(sandbox: Sandbox): Promise<Hammer> {
    const hammer = new Hammer(await childProgram(sandbox, 'hammer'), sandbox);
    sandbox.defer(() => hammer.kill());
    return hammer;
  }

  private constructor(program: string, sandbox: Sandbox) {
    this.#child = spawn(process.execPath, [program, sandbox.home], {
      env: { PATH: process.env.PATH, HOME: sandbox.workspace },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#closed = once(this.#child, 'close');
    // Whoever writes to one that is killed learns of it from the answer that does not come.
    this.#child.stdin?.on('error', () => {});
    this.#lines = createInterface({ input: this.#child.stdout as NodeJS.ReadableStream });
  }

  /** undefined: it was killed before it told. */
  async obey(order: HammerOrder): Promise<HammerOutcome | undefined> {
    const line = Promise.race([once(this.#lines, 'line'), this.#closed.then(() => undefined)]);
    this.#child.stdin?.write(`${JSON.stringify(order)}\n`);
    const answer = await within(LONGEST_MS, `${order.verb} ${order.name}`, line);
    return answer === undefined ? undefined : (JSON.parse(String(answer[0])) as HammerOutcome);
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#closed;
  }
}
