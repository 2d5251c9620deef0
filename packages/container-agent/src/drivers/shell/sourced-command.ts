import type { Bash, BashExit } from './bash.ts';
import { GroupInterrupt } from './group-interrupt.ts';
import type { Mark } from './marks.ts';
import { type SourceRequest, sourceLine, statusLine } from './script.ts';

/**
 * ms from the begin to an interrupt at the earliest: while bash starts the command's first processes an interrupt can
 * reach some and not others, and bash goes on with what follows them.
 */
const SETTLE_MS = 25;
/** ms after the interrupt. */
const ASKS_MS: readonly number[] = [20, 60, 140, 300, 600];
/** Pauses grow from ask to ask, so that a handler of the user's own finds time to end. */
const PAUSE_GROWTH = 1.3;
const FIRST_PAUSE_MS = 50;
const REPEATS = 16;
/** 128 + SIGINT: when bash discarded the request for the status, what it says later is not the command's. */
const INTERRUPTED_STATUS = 130;

export type CommandEnd =
  | { readonly status: number; readonly directory: string; readonly lost?: undefined }
  | { readonly lost: BashExit; readonly begun: boolean };

/** One command in one bash: from the line that sources it to the mark after it, or to the end of bash. */
export class SourcedCommand {
  readonly #bash: Bash;
  readonly #beginSerial: number;
  readonly #finish: (end: CommandEnd) => void;
  #begunAt: number | undefined;
  #interrupted = false;
  #interrupt: GroupInterrupt | undefined;
  /** Set by the interrupt: the mark that proves that bash has taken it, so that it cannot hit the next command. */
  #barrierSerial: number | undefined;
  #status: number | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param finish is called once, synchronously with the last mark or the exit */
  constructor(bash: Bash, request: Omit<SourceRequest, 'token'>, finish: (end: CommandEnd) => void) {
    this.#bash = bash;
    this.#finish = finish;
    bash.onMark = (mark) => this.#onMark(mark);
    bash.onExit = (exit) => this.#end({ lost: exit, begun: this.#begunAt !== undefined });
    const { serial, token } = bash.token();
    this.#beginSerial = serial;
    bash.send(sourceLine({ ...request, token }) + statusLine(bash.token().token));
  }

  /** Before the begin mark bash would discard the command's line, and the mark with it: then it waits for that. */
  interrupt(): void {
    if (this.#interrupted) return;
    this.#interrupted = true;
    this.#sendInterrupt();
  }

  #onMark(mark: Mark): void {
    if (mark.serial < this.#beginSerial) return;
    if (mark.serial === this.#beginSerial) {
      this.#begunAt = performance.now();
      if (this.#interrupted) this.#sendInterrupt();
      return;
    }
    this.#status ??= mark.serial === this.#beginSerial + 1 ? mark.status : INTERRUPTED_STATUS;
    if (this.#barrierSerial === undefined || mark.serial >= this.#barrierSerial) {
      this.#end({ status: this.#status, directory: mark.directory });
    }
  }

  #sendInterrupt(): void {
    if (this.#begunAt === undefined) return;
    this.#timer = setTimeout(
      () => {
        const again = (): void => {
          this.#barrierSerial = this.#ask();
        };
        this.#interrupt = new GroupInterrupt(this.#bash.pid, again);
        again();
        this.#askAgain(0);
      },
      Math.max(0, this.#begunAt + SETTLE_MS - performance.now()),
    );
  }

  #ask(): number {
    const { serial, token } = this.#bash.token();
    this.#bash.send(statusLine(token));
    return serial;
  }

  // An interrupted bash discards input that it had read but not run, which may hold the request for the end mark. It
  // tells nobody, so the mark is asked for again until it comes. And it goes on with the next command of a list, as in a
  // terminal, when the one that ran ended by itself in spite of the interrupt: then it is interrupted again.
  #askAgain(index: number): void {
    const repeat = index - ASKS_MS.length;
    if (repeat >= REPEATS) return;
    const pause =
      repeat < 0 ? (ASKS_MS[index] ?? 0) - (ASKS_MS[index - 1] ?? 0) : FIRST_PAUSE_MS * PAUSE_GROWTH ** repeat;
    this.#timer = setTimeout(() => {
      if (repeat >= -1) this.#interrupt?.repeat();
      this.#ask();
      this.#askAgain(index + 1);
    }, pause);
  }

  #end(end: CommandEnd): void {
    clearTimeout(this.#timer);
    this.#interrupt?.over();
    this.#bash.onMark = () => {};
    this.#bash.onExit = () => {};
    this.#finish(end);
  }
}
