import { formatDuration } from '../options/duration.ts';

/** The part of a terminal that a status line needs. */
export interface StatusTerminal {
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

type Holder = 'answer' | 'question';

const ERASE = '\r\u001b[K';

/** One line at the foot of the terminal that says what is waited for and how long; whoever writes erases it first. */
export class StatusLine {
  readonly #terminal: StatusTerminal;
  readonly #enabled: boolean;
  #activity = '';
  #since = 0;
  #timer: NodeJS.Timeout | undefined;
  #visible = false;
  readonly #held = new Set<Holder>();

  constructor(terminal: StatusTerminal, enabled: boolean) {
    this.#terminal = terminal;
    this.#enabled = enabled;
  }

  /** Counts from now. The line appears with the first full second: what is quick never flickers. */
  start(activity: string): void {
    this.stop();
    if (!this.#enabled) return;
    this.#activity = activity;
    this.#since = performance.now();
    this.#timer = setInterval(() => this.#draw(), 1_000).unref();
  }

  /** What is waited for now; the clock goes on. */
  update(activity: string): void {
    this.#activity = activity;
  }

  /** While a line of an answer, or a question, stands unfinished on the terminal, a status would overwrite it. */
  hold(holder: Holder, held: boolean): void {
    if (held) this.#held.add(holder);
    else this.#held.delete(holder);
  }

  erase(): void {
    if (!this.#visible) return;
    this.#visible = false;
    this.#terminal.write(ERASE);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#held.clear();
    this.erase();
  }

  #draw(): void {
    if (this.#held.size > 0) return;
    const line = `${formatDuration(Math.round((performance.now() - this.#since) / 1_000) * 1_000)} ${this.#activity}`;
    this.#visible = true;
    this.#terminal.write(`${ERASE}${line.slice(0, (this.#terminal.columns || 80) - 1)}`);
  }
}
