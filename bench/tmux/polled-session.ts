import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Workplace } from '../workplace.ts';

const run = promisify(execFile);

/** A shell in tmux as others drive it: a process for each key press, and one for each look at the screen. */
export class PolledSession {
  readonly #socket: string;
  readonly #home: string;
  #commands = 0;

  private constructor(socket: string, home: string) {
    this.#socket = socket;
    this.#home = home;
  }

  static async start(place: Workplace): Promise<PolledSession> {
    const session = new PolledSession(join(place.directory, 'polled.sock'), place.directory);
    await session.#tmux('new-session', '-d', '-s', 'polled', '-x', '200', '-y', '50', 'bash --noprofile --norc');
    place.defer(async () => void (await session.#tmux('kill-server')));
    await session.complete('echo ready', 20);
    return session;
  }

  /** Until the screen shows that the command has ended, as seen every so many ms. @returns ms */
  async complete(command: string, everyMs: number): Promise<number> {
    this.#commands += 1;
    const marker = `end-${this.#commands}-`;
    // In two parts, so that the typed line is not taken for the answer.
    return await this.#until(`${command}; echo ${marker}""$?`, new RegExp(`^${marker}[0-9]`, 'm'), everyMs);
  }

  /** Until the first line of the answer is on the screen. @returns ms */
  async firstOutput(everyMs: number): Promise<number> {
    this.#commands += 1;
    const marker = `begun-${this.#commands}`;
    const ms = await this.#until(`echo beg""un-${this.#commands}; sleep 0.05`, new RegExp(`^${marker}$`, 'm'), everyMs);
    await this.complete('true', 20);
    return ms;
  }

  async #until(line: string, shown: RegExp, everyMs: number): Promise<number> {
    const began = performance.now();
    await this.#tmux('send-keys', '-t', 'polled', '-l', line);
    await this.#tmux('send-keys', '-t', 'polled', 'Enter');
    for (;;) {
      await delay(everyMs);
      if (shown.test(await this.#tmux('capture-pane', '-p', '-t', 'polled'))) return performance.now() - began;
    }
  }

  async #tmux(...args: string[]): Promise<string> {
    const env = { PATH: process.env.PATH, HOME: this.#home, LANG: 'C.UTF-8', TERM: 'xterm-256color' };
    const { stdout } = await run('tmux', ['-S', this.#socket, '-f', '/dev/null', ...args], { env, timeout: 10_000 });
    return stdout;
  }
}
