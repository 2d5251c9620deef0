import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const READY_MS = 30_000;
const ASK_MS = 60_000;
const END_MS = 15_000;

const repository = dirname(import.meta.dirname);

/** One side of a comparison: a child process that measures when it is asked to. */
export class Side<Request = unknown, Reply = unknown> implements AsyncDisposable {
  /** Resolves when it can be asked. */
  readonly ready: Promise<void>;
  readonly #program: string;
  readonly #child: ChildProcess;
  readonly #gone: Promise<unknown>;

  constructor(program: string, setting: object, home: string) {
    this.#program = program;
    const file = fileURLToPath(new URL(`./children/${program}.ts`, import.meta.url));
    this.#child = fork(file, [JSON.stringify(setting)], {
      cwd: repository,
      // From nothing: what the caller's environment holds must not change the figures.
      env: { PATH: process.env.PATH, HOME: home },
      execArgv: ['--import', 'tsx'],
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#gone = once(this.#child, 'exit');
    this.ready = this.#message(READY_MS).then(() => undefined);
  }

  async ask(request: Request): Promise<Reply> {
    const reply = this.#message(ASK_MS);
    this.#child.send(request as object);
    return (await reply) as Reply;
  }

  /** Lets it clean up and end. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.connected) this.#child.disconnect();
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), END_MS);
    if (this.#child.exitCode === null && this.#child.signalCode === null) await this.#gone;
    clearTimeout(timer);
  }

  #message(ms: number): Promise<unknown> {
    const ended = new AbortController();
    const { signal } = ended;
    const message = once(this.#child, 'message', { signal }).then(([value]: unknown[]) => value);
    const exit = once(this.#child, 'exit', { signal }).then(([code, killedBy]: unknown[]) => {
      throw new Error(`${this.#program} ended (${String(code ?? killedBy)}) before it answered; its errors are above.`);
    });
    const timeout = new Promise<never>((_, reject) => {
      const timer = setTimeout(() => {
        this.#child.kill('SIGKILL');
        reject(new Error(`${this.#program} did not answer within ${ms} ms; it was killed.`));
      }, ms);
      signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
    });
    return Promise.race([message, exit, timeout]).finally(() => {
      exit.catch(() => {});
      message.catch(() => {});
      ended.abort();
    });
  }
}
