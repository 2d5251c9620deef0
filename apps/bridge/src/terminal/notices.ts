import { styleText } from 'node:util';
import type { LogEntry } from '@ccb/instance-interface';
import { describeFailure } from '../failure.ts';
import { printable } from './printable.ts';
import type { StatusLine } from './status-line.ts';

export interface NoticesOptions {
  readonly terminal: { readonly isTTY?: boolean | undefined; write(text: string): unknown };
  readonly status: StatusLine;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly color: boolean;
}

/** What ccb itself has to say: on stderr, a line each, in one style. */
export class Notices {
  readonly #options: NoticesOptions;

  constructor(options: NoticesOptions) {
    this.#options = options;
  }

  info(text: string): void {
    if (!this.#options.quiet) this.#line('ccb:', 'dim', text);
  }

  warn(text: string): void {
    if (!this.#options.quiet) this.#line('ccb: warning:', 'yellow', text);
  }

  /** Never silenced. The causes are shown with `-v`, a stack never. */
  failure(error: unknown): void {
    for (const text of describeFailure(error, { causes: this.#options.verbose })) this.#line('ccb:', 'red', text);
  }

  /** After a Ctrl-C: the terminal has shown it as ^C, and what follows begins on a line of its own. */
  newLine(): void {
    this.#options.status.erase();
    if (this.#options.terminal.isTTY) this.#options.terminal.write('\n');
  }

  /** For the `log` hook: what is wrong always, the rest with `-v`. */
  readonly log = ({ level, event, ...fields }: LogEntry): void => {
    const serious = level === 'warn' || level === 'error';
    if (!this.#options.verbose && !(serious && !this.#options.quiet)) return;
    const text = [event, ...Object.entries(fields).map(([key, value]) => `${key}=${inOneWord(value)}`)].join(' ');
    this.#line(`ccb: ${level}:`, serious ? 'yellow' : 'dim', printable(text));
  };

  #line(prefix: string, color: 'dim' | 'yellow' | 'red', text: string): void {
    this.#options.status.erase();
    this.#options.terminal.write(
      `${this.#options.color ? styleText(color, prefix, { validateStream: false }) : prefix} ${text}\n`,
    );
  }
}

function inOneWord(value: unknown): string {
  if (typeof value === 'string') return /^[\w./:@-]+$/.test(value) ? value : JSON.stringify(value);
  if (value instanceof Error) return JSON.stringify(value.message);
  return JSON.stringify(value) ?? String(value);
}
