import type { InstanceError } from '@ccb/instance-interface';
import type { RunEnd } from '@ccb/instance-interface/abstract';
import { NewlineUndo } from '../../marks/newline-undo.ts';
import { AnswerBuffer } from '../answer-buffer.ts';
import { withResolvers } from '../resolvers.ts';
import type { FlowControl } from './flow-control.ts';

const NEWLINE: Buffer = Buffer.from('\n');
/** 128 + SIGINT */
const INTERRUPTED = 130;

/** One command of a shell, from its typing to the next prompt. */
export class ShellTurn {
  /** The next prompt ends it, also when the shell never took it. */
  givenUp = false;
  readonly output: AnswerBuffer;
  readonly #undo = new NewlineUndo();
  readonly #flow: FlowControl;
  #open = false;
  #status: number | undefined;
  #echo = false;
  #interrupted = false;
  #newline = false;
  #begun = false;
  readonly #whenTaken = withResolvers();
  readonly #whenOver = withResolvers();
  #failure: InstanceError | undefined;
  #end: RunEnd | undefined;

  constructor(flow: FlowControl) {
    this.#flow = flow;
    this.output = new AnswerBuffer(
      flow.highWater,
      (unread) => flow.full(unread),
      () => flow.drained(),
    );
  }

  /** The shell has taken it. */
  get begun(): boolean {
    return this.#begun;
  }

  /** How it ended, when the output has. */
  get end(): RunEnd | undefined {
    return this.#end;
  }

  begin(): void {
    this.#begun = true;
    this.#open = true;
    this.#whenTaken.resolve();
  }

  /** Resolves when the shell has taken it, or it has ended without. */
  get whenTaken(): Promise<void> {
    return this.#whenTaken.promise;
  }

  /** Resolves at its end. */
  get whenOver(): Promise<void> {
    return this.#whenOver.promise;
  }

  data(bytes: Buffer): void {
    if (this.#open) this.#push(this.#undo.push(bytes));
  }

  /** A person's key to interrupt was pressed: its echo is no output. */
  keyPressed(): void {
    this.#echo = true;
  }

  /** The program was interrupted: what a shell writes about that is no output. */
  interrupted(): void {
    this.#interrupted = true;
  }

  /** What follows is no output of it any more. @param status its own, where the shell said it */
  close(status?: number): void {
    this.#status ??= status;
    if (!this.#open) return;
    this.#open = false;
    this.#push(this.#undo.flush());
  }

  #push(bytes: Buffer): void {
    let rest = bytes;
    const echo = this.#echo ? rest.indexOf('^C') : -1;
    if (echo !== -1) {
      this.#echo = false;
      rest = Buffer.concat([rest.subarray(0, echo), rest.subarray(echo + 2)]);
    }
    if (this.#interrupted && rest.length > 0) {
      // The newline by which a shell goes on after an interrupt, if nothing follows it.
      rest = this.#newline ? Buffer.concat([NEWLINE, rest]) : rest;
      this.#newline = rest.at(-1) === 10;
      if (this.#newline) rest = rest.subarray(0, -1);
    }
    this.output.push(rest);
  }

  /** Its output has a gap: what follows that is not given. The next prompt ends it, whether or not its begin was seen. */
  lost(): void {
    this.close();
    this.givenUp = true;
  }

  /** It will end so, whatever the shell says of it. */
  fail(error: InstanceError): void {
    this.#failure ??= error;
  }

  /** The next prompt is there. @param status of the command; undefined: it was never begun */
  finish(status: number | undefined, completedBy: 'osc133' | 'exit' = 'osc133'): void {
    this.close();
    const own = status === undefined ? undefined : (this.#status ?? status);
    if (this.#newline && own !== INTERRUPTED) this.output.push(NEWLINE);
    this.#flow.end();
    if (this.#failure === undefined) this.#end = this.#ended(own, completedBy);
    this.output.end(this.#failure);
    this.#over();
  }

  #ended(status: number | undefined, completedBy: 'osc133' | 'exit'): RunEnd {
    if (status === undefined) {
      const message = 'the line was given up before the shell took it.';
      return { success: false, completedBy, error: { code: 'CCB_COMMAND_FAILED', message, retryable: true } };
    }
    return { success: status === 0, completedBy, exitCode: status };
  }

  /** It was never taken, and may be given to another shell: it has no end. */
  withdraw(): void {
    this.#flow.end();
    this.output.end();
    this.#over();
  }

  /** It will not see its end. */
  abandon(error: unknown): void {
    this.close();
    this.#flow.end();
    this.output.end(error);
    this.#over();
  }

  #over(): void {
    this.#whenTaken.resolve();
    this.#whenOver.resolve();
  }
}
