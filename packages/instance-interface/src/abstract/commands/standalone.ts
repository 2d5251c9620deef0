import { randomUUID } from 'node:crypto';
import type { CommandOptions, CommandStream, ResumeOptions } from '../../command.ts';
import { InstanceError } from '../../error.ts';
import type { Answer } from '../answer/answer.ts';
import { TurnStream } from '../answer/stream.ts';
import { type Deadline, Deadlines } from '../lifecycle/deadlines.ts';
import { assertCommandId, assertCommandOptions, assertCommandText, assertResumeOptions } from '../options.ts';
import { askedFor, type CancelReason, cancelledResult } from './results.ts';
import { Turn } from './turn.ts';

/** However a command is cancelled: after so long its result settles without its backend. */
const cancelBackstopMs = 60_000;

export interface StandaloneEvents {
  /**
   * The command is to end, in the program too; `answer.end()` says when it has. Called once at most. When this rejects,
   * and 60 s after the request at the latest, the result settles without the backend.
   */
  cancel(answer: Answer, reason: CancelReason): Promise<void>;
  /** Nobody waits for this answer any more, and its command may go on. */
  forget(answer: Answer): void;
}

/** One answer outside of any instance: what a backend feeds, and what its reader sees. */
export interface StandaloneAnswer {
  readonly answer: Answer;
  readonly stream: CommandStream;
}

/**
 * A command that no instance queues. `signal`, `timeoutMs` and `cancel()` ask for its end.
 * @throws {TypeError} for a text or options that make no sense
 */
export function createAnswer(text: string, options: CommandOptions, events: StandaloneEvents): StandaloneAnswer {
  assertCommandText(text);
  assertCommandOptions(options);
  const { id = randomUUID(), stderr = 'separate' } = options;
  return new Standalone({ ...options, id, text, stderr }, events);
}

/** A command that is known already: `signal` and `timeoutMs` end this wait for it alone. @throws {TypeError} */
export function resumeAnswer(id: string, options: ResumeOptions, events: StandaloneEvents): StandaloneAnswer {
  assertCommandId(id);
  assertResumeOptions(options);
  return new Standalone({ ...options, id, text: '', stderr: 'separate', resumed: true }, events);
}

interface Init extends Omit<CommandOptions, 'id' | 'stderr'> {
  readonly id: string;
  readonly text: string;
  readonly stderr: 'separate' | 'merge';
  readonly resumed?: true;
  readonly after?: string | undefined;
}

class Standalone implements StandaloneAnswer {
  readonly answer: Turn;
  readonly stream: CommandStream;
  readonly #events: StandaloneEvents;
  readonly #deadlines = new Deadlines();
  readonly #signal: AbortSignal | undefined;
  readonly #began: number = performance.now();
  #deadline: Deadline | undefined;
  #backstop: Deadline | undefined;

  constructor({ signal, timeoutMs, permission = 'deny', resumed, after, ...command }: Init, events: StandaloneEvents) {
    this.#events = events;
    this.#signal = signal;
    this.answer = new Turn({
      ...command,
      timeoutMs: resumed ? undefined : timeoutMs,
      resumed: resumed ?? false,
      after,
      permission,
      onSettled: () => this.#release(),
      onHandlerError: () => {},
    });
    this.stream = new TurnStream(this.answer, () => this.#cancel('cancelled'));
    // A pending command keeps the process alive through its backend, not through its deadline.
    if (timeoutMs !== undefined) this.#deadline = this.#deadlines.add(timeoutMs, () => this.#expire('timeout'), false);
    signal?.addEventListener('abort', this.#onAbort, { once: true });
    if (signal?.aborted && !resumed) this.#endCancelled('cancelled', 'it was not sent');
    else if (signal?.aborted) this.#onAbort();
  }

  readonly #onAbort = (): void => this.#expire('cancelled');

  #expire(reason: CancelReason): void {
    if (this.answer.resumed) this.#letGo(reason);
    else this.#cancel(reason);
  }

  #cancel(reason: CancelReason): void {
    const { answer } = this;
    if (answer.settled || answer.cancelRequested !== undefined) return;
    answer.requestCancel(reason);
    const giveUp = (why: string): void => {
      if (answer.settled) return;
      this.#endCancelled(reason, why);
      this.#events.forget(answer);
    };
    const late = `the program did not confirm it within ${cancelBackstopMs} ms`;
    this.#backstop = this.#deadlines.add(cancelBackstopMs, () => giveUp(late), true);
    this.#events.cancel(answer, reason).catch((error: unknown) => giveUp(String(error)));
  }

  #endCancelled(reason: CancelReason, why: string): void {
    const { answer } = this;
    const measured = { id: answer.id, durationMs: Math.round(performance.now() - this.#began), outputBytes: 0 };
    const result = cancelledResult(reason, measured, `The command ${askedFor(reason)}; ${why}.`);
    // No position of its own, and seq 0 acknowledges nothing.
    answer.end(result, { cursor: answer.buffer.latest ?? 'local.0', at: new Date().toISOString(), seq: 0 });
  }

  #letGo(reason: CancelReason): void {
    const { answer } = this;
    const [code, what] = reason === 'timeout' ? ['CCB_TIMEOUT', 'is over'] : ['CCB_ABORTED', 'was aborted'];
    const message = `Command ${answer.id} goes on; only this wait for it ${what}.`;
    answer.fail(new InstanceError(code as string, message, { retryable: true, cause: this.#signal?.reason }));
    this.#events.forget(answer);
  }

  #release(): void {
    this.#deadlines.remove(this.#deadline);
    this.#deadlines.remove(this.#backstop);
    this.#signal?.removeEventListener('abort', this.#onAbort);
  }
}
