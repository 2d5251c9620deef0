import type { RunEnd } from '../../command.ts';
import { InstanceError } from '../../error.ts';
import type { CommandEvent, CommandUpdate } from '../../event.ts';
import type { PermissionAnswer, PermissionRequest } from '../../permission.ts';
import type { AnswerPosition } from '../answer/answer.ts';
import { isText } from '../answer/buffer.ts';
import type { Command } from '../call.ts';
import { optionOf } from '../commands/permission.ts';
import {
  askedFor,
  brokenResult,
  type CancelReason,
  cancelledResult,
  commandErrorOf,
  type Measured,
  resultOf,
} from '../commands/results.ts';
import type { Turn } from '../commands/turn.ts';
import type { Recording, Recordings } from './recordings.ts';
import type { Stamp } from './stamp.ts';

/** Characters of stderr that a failure's message quotes. */
const stderrTailLength = 1024;

/** What `_run` yields. */
type RunUpdate = string | Exclude<CommandUpdate, { type: 'end' }>;
export type RunGenerator = AsyncGenerator<RunUpdate, RunEnd, void>;

/** These say that the instance is out of reach, not that the command went wrong. */
const instanceLevel: ReadonlySet<string> = new Set([
  'CCB_CLOSED',
  'CCB_STOPPED',
  'CCB_LOCKED',
  'CCB_BACKEND_UNREACHABLE',
  'CCB_AGENT_UNREACHABLE',
  'CCB_AGENT_FROZEN',
  'CCB_JOURNAL_GAP',
  'CCB_JOURNAL_LOST',
  'CCB_PIPE',
  'CCB_PROTOCOL',
  'CCB_PROTOCOL_MISMATCH',
]);

/** One run of a backend's `_run`: what it yields is stamped, recorded and given to the turn. */
export class Run {
  readonly turn: Turn;
  readonly command: Command;
  /** What `drive` gave. */
  through: Promise<void> = Promise.resolve();
  readonly #recording: Recording;
  readonly #recordings: Recordings;
  readonly #stamp: Stamp;
  readonly #beganAt = performance.now();
  #cancelReason: CancelReason | undefined;
  #outputBytes = 0;
  #stderrTail = '';
  #finished = false;
  #wake: (() => void) | undefined;
  readonly #onReturned: (run: Run) => void;

  /** @param onReturned called as soon as the generator is through, before the turn ends */
  constructor(turn: Turn, recordings: Recordings, stamp: Stamp, onReturned: (run: Run) => void) {
    this.turn = turn;
    this.#onReturned = onReturned;
    this.#recordings = recordings;
    this.#stamp = stamp;
    this.#recording = recordings.begin(turn.id, turn.text);
    this.command = {
      id: turn.id,
      text: turn.text,
      get signal(): AbortSignal {
        return turn.signal;
      },
      ask: (request) => this.#ask(request),
    };
    turn.onDrain = () => this.#goOn();
  }

  /** Its end was seen, or it was given up. */
  get finished(): boolean {
    return this.#finished;
  }

  /** Resolves when the generator is through; never rejects. */
  async drive(run: (command: Command) => RunGenerator): Promise<void> {
    let generator: RunGenerator | undefined;
    try {
      generator = run(this.command);
      for (;;) {
        const step = await generator.next();
        if (step.done) {
          this.#onReturned(this);
          this.#ended(step.value);
          return;
        }
        this.#emit(typeof step.value === 'string' ? { type: 'text', text: step.value } : step.value);
        if (this.turn.full && this.#reason === undefined) await this.#drained();
        if (this.turn.settled && this.turn.signal.aborted) throw this.turn.signal.reason;
      }
    } catch (error) {
      if (this.turn.settled) this.#broke(error);
      await generator?.return(undefined as never).catch(() => {});
      this.#onReturned(this);
      this.#broke(error);
    }
  }

  /** From now on it ends as cancelled, whatever the program says, and a slow reader does not hold it back. */
  markCancelled(reason: CancelReason): void {
    this.#cancelReason ??= reason;
    this.#goOn();
  }

  /** Settles without the program. */
  giveUp(why: string): void {
    const reason = this.#reason ?? 'cancelled';
    this.#finish(cancelledResult(reason, this.#measured(), `The command ${askedFor(reason)}; ${why}.`));
  }

  get #reason(): CancelReason | undefined {
    return this.turn.cancelRequested ?? this.#cancelReason;
  }

  #emit(update: CommandUpdate): void {
    if (update.type === 'text' && update.text === '' && update.bytes === undefined) return;
    const { cursor, at, seq } = this.#stamp.next();
    const event: CommandEvent = { cursor, at, ...update };
    if (isText(event, this.turn.stderr === 'merge')) {
      this.#outputBytes += event.bytes === undefined ? Buffer.byteLength(event.text) : byteCount(event.bytes);
    }
    if (event.type === 'text' && event.stream === 'stderr') {
      this.#stderrTail = (this.#stderrTail + event.text).slice(-stderrTailLength);
    }
    this.#recordings.add(this.#recording, event, seq);
    this.turn.push(event, seq);
  }

  async #ask(request: PermissionRequest): Promise<PermissionAnswer> {
    if (!this.#finished) this.#emit({ type: 'permission_request', ...request });
    const { answer, by } = await this.turn.ask(request);
    const optionId = optionOf(request, answer);
    if (!this.#finished) {
      const { requestId } = request;
      this.#emit({ type: 'permission_resolved', requestId, ...(optionId !== undefined && { optionId }), by });
    }
    return answer;
  }

  #ended(end: RunEnd): void {
    if (typeof end !== 'object' || end === null) {
      this.#broke(new TypeError('_run returned no RunEnd: return { success, completedBy }.'));
      return;
    }
    const reason = this.#reason;
    const measured = this.#measured();
    this.#finish(
      reason === undefined
        ? resultOf(end, measured, this.#stderrTail)
        : cancelledResult(reason, measured, `The command ${askedFor(reason)}.`, end),
    );
  }

  #broke(error: unknown): void {
    if (this.#finished) return;
    const reason = this.#reason;
    const measured = this.#measured();
    if (reason !== undefined) {
      this.#finish(cancelledResult(reason, measured, `The command ${askedFor(reason)}.`));
      return;
    }
    if (InstanceError.is(error) && instanceLevel.has(error.code)) this.turn.fail(error);
    // A generator that was given up throws an abort; why it was given up says more.
    const why = this.turn.settled && this.turn.signal.aborted ? this.turn.signal.reason : error;
    this.#finish(brokenResult(commandErrorOf(why), measured));
  }

  #finish(result: Parameters<Turn['end']>[0]): void {
    if (this.#finished) return;
    this.#finished = true;
    const position: AnswerPosition = this.#stamp.next();
    this.#recordings.end(this.#recording, result, position);
    this.turn.end(result, position);
  }

  #measured(): Measured {
    return {
      id: this.turn.id,
      durationMs: Math.round(performance.now() - this.#beganAt),
      outputBytes: this.#outputBytes,
    };
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #goOn(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}

function byteCount(base64: string): number {
  return Buffer.byteLength(base64, 'base64');
}
