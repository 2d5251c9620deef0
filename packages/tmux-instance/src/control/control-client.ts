import { type ChildProcess, spawn } from 'node:child_process';
import { InstanceError } from '@ccb/instance-interface';
import { anySignal, type Call } from '@ccb/instance-interface/abstract';
import { CommandQueue } from './command-queue.ts';
import type { Notification, Reply, TmuxCommand, TmuxServer } from './control.ts';
import { ControlParser } from './control-parser.ts';
import { HubLease } from './hub-lease.ts';
import { controlLine } from './quote.ts';
import { serverEnvironment } from './server-environment.ts';

const commandMs = 10_000;
const startMs = 10_000;
const endMs = 2_000;
let clients = 0;

/** A tmux in control mode, attached to a session of its own that ends with it. */
export class ControlClient {
  readonly #server: TmuxServer;
  readonly #lease: HubLease;
  readonly #child: ChildProcess;
  readonly #queue = new CommandQueue();
  readonly #notified = new Set<(notification: Notification) => void>();
  readonly #downs = new Set<(error: InstanceError) => void>();
  readonly #exited: Promise<void>;
  #greeted: (ok: boolean, lines: Reply) => void = () => {};
  #stderr = '';
  #exit = '';
  #error: InstanceError | undefined;
  #closing: Promise<void> | undefined;
  #serverPid = 0;

  private constructor(server: TmuxServer, lease: HubLease) {
    this.#server = server;
    this.#lease = lease;
    clients += 1;
    const hub = `ccb-hub-${process.pid}-${clients}`;
    const flags = ['-u', '-S', server.socket, '-f', '/dev/null', '-C'];
    this.#child = spawn('tmux', [...flags, 'new-session', '-s', hub, '-x', '80', '-y', '24', ...lease.command], {
      env: serverEnvironment(),
      // A signal to the caller's group, such as Ctrl-C, is not for it.
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    if (this.#child.pid !== undefined) lease.nameClient(this.#child.pid);
    const parser = new ControlParser((event) => {
      if (event.type === 'notification') this.#notify(event);
      else if (event.mine) this.#queue.answer(event.ok, event.lines);
      else this.#greeted(event.ok, event.lines);
    });
    this.#child.stdout?.on('data', (chunk: Buffer) => parser.push(chunk));
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString()).slice(-1024);
    });
    this.#child.stdin?.on('error', () => {});
    this.#exited = new Promise((resolve) => {
      this.#child.once('error', (cause) => {
        this.#stderr ||= cause.message;
        this.#down();
        resolve();
      });
      this.#child.once('exit', () => {
        // The server has its ends of the pipes too, and may be stopped.
        setImmediate(() => {
          for (const stream of [this.#child.stdin, this.#child.stdout, this.#child.stderr]) stream?.destroy();
        });
      });
      this.#child.once('close', () => {
        this.#down();
        resolve();
      });
    });
  }

  /** Starts the server too, where none answers. @throws {InstanceError} CCB_BACKEND_UNREACHABLE, CCB_TIMEOUT */
  static async start(server: TmuxServer): Promise<ControlClient> {
    const client = new ControlClient(server, await HubLease.create());
    try {
      await client.#begin(AbortSignal.timeout(startMs));
      return client;
    } catch (error) {
      await client.close();
      throw error;
    }
  }

  get isDown(): boolean {
    return this.#error !== undefined;
  }

  get serverPid(): number {
    return this.#serverPid;
  }

  async run(commands: readonly TmuxCommand[], call?: Call): Promise<readonly Reply[]> {
    if (this.#error !== undefined) throw this.#error;
    call?.signal.throwIfAborted();
    const line = controlLine(commands);
    const answered = this.#queue.add(commands);
    this.#child.stdin?.write(line);
    return await this.#bounded(answered, commands, call);
  }

  onNotification(listener: (notification: Notification) => void): () => void {
    this.#notified.add(listener);
    return () => this.#notified.delete(listener);
  }

  onDown(listener: (error: InstanceError) => void): () => void {
    if (this.#error !== undefined) listener(this.#error);
    else this.#downs.add(listener);
    return () => this.#downs.delete(listener);
  }

  /** Ends the client and its session. Idempotent; never rejects. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #begin(signal: AbortSignal): Promise<void> {
    const greeting = new Promise<void>((resolve, reject) => {
      this.#greeted = (ok, lines) => (ok ? resolve() : reject(this.#unreachable(lines.join(' '))));
      this.#downs.add(reject);
      signal.addEventListener('abort', () => reject(this.#late('be greeted')), { once: true });
    });
    await greeting;
    this.#downs.clear();
    const replies = await this.run(
      [
        ['refresh-client', '-f', 'no-output'],
        ['set-option', '@ccb-hub', '1'],
        ['display-message', '-p', '#{pid}'],
      ],
      { signal },
    );
    this.#serverPid = Number(replies.at(-1)?.[0]);
  }

  #bounded<T>(work: Promise<T>, commands: readonly TmuxCommand[], call: Call | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const late = AbortSignal.timeout(commandMs);
      const signal = anySignal(call?.signal, late);
      const end = (): void => reject(late.aborted ? this.#late(commands[0]?.[0] ?? '') : call?.signal.reason);
      signal.addEventListener('abort', end, { once: true });
      work.then(resolve, reject).finally(() => signal.removeEventListener('abort', end));
    });
  }

  #notify(notification: Notification): void {
    if (notification.name === '%exit') this.#exit = notification.args;
    for (const listener of this.#notified) listener(notification);
  }

  #down(): void {
    if (this.#error !== undefined) return;
    this.#error = this.#unreachable(this.#exit || this.#stderr.trim() || 'its control client ended');
    this.#queue.fail(this.#error);
    for (const listener of this.#downs) listener(this.#error);
    this.#downs.clear();
  }

  async #close(): Promise<void> {
    this.#downs.clear();
    this.#lease.end();
    this.#child.stdin?.end();
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), endMs);
    await this.#exited;
    clearTimeout(timer);
  }

  #unreachable(why: string): InstanceError {
    const message = `The tmux server at ${this.#server.socket} is gone or cannot be used: ${why}.`;
    return new InstanceError('CCB_BACKEND_UNREACHABLE', message, { retryable: true });
  }

  #late(what: string): InstanceError {
    const message = `tmux at ${this.#server.socket} did not answer ${what} within ${commandMs} ms. It may be stopped: look at its process.`;
    return new InstanceError('CCB_TIMEOUT', message, { retryable: true });
  }
}
