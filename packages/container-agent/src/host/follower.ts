import { InstanceError } from '@ccb/instance-interface';
import type { Answer } from '@ccb/instance-interface/abstract';
import type { HostFrame, JournalFrame } from '../protocol/frames.ts';
import { commandEvent, cursorOf } from './events.ts';

/** Somebody who reads the journal's lines as they come, across reconnects, each line once. */
export interface Follower {
  /** Everything up to here was taken by whoever reads; undefined: holds no acknowledgement back. */
  readonly takenSeq: number | undefined;
  /** The reader is slow. */
  readonly full: boolean;
  /** How the agent is asked for what is missing, at first and after each reconnect. */
  request(journalId: string, ref: number): HostFrame;
  /** The agent reads its journal again from after this line; `upTo` is its last line now. */
  resumed(after: number, upTo: number): void;
  deliver(frame: JournalFrame, journalId: string): void;
  fail(error: InstanceError): void;
}

/** Feeds one answer. */
export class AnswerFollower implements Follower {
  readonly answer: Answer;
  /** The last line of the command that was delivered; 0: none yet. */
  #lastSeq = 0;
  /** The last one of them that the reader took. */
  #takenSeq = 0;
  /** Lines of others included. */
  #passedSeq = 0;
  /** Catching up with what was journaled when the agent was asked: until there nothing is acknowledged over its head. */
  #upTo = 0;
  #awaitsResumed: boolean;

  /** @param onTaken called whenever the reader has moved on */
  constructor(answer: Answer, onTaken: () => void) {
    this.answer = answer;
    this.#awaitsResumed = answer.resumed;
    answer.onTaken = (seq) => {
      this.#takenSeq = Math.max(this.#takenSeq, seq);
      onTaken();
    };
  }

  get takenSeq(): number | undefined {
    if (this.#takenSeq < this.#lastSeq) return this.#takenSeq;
    if (this.#awaitsResumed) return this.#lastSeq;
    return this.#passedSeq < this.#upTo ? this.#passedSeq : undefined;
  }

  get full(): boolean {
    return this.answer.full;
  }

  request(journalId: string, ref: number): HostFrame {
    const { id, text, stderr, remainingMs: timeoutMs, permission, resumed, after } = this.answer;
    // A command that began is never sent again: an agent that has forgotten its id would run it a second time.
    this.#awaitsResumed = resumed || this.#lastSeq > 0;
    if (!this.#awaitsResumed)
      return {
        type: 'command',
        id,
        text,
        stderr,
        timeoutMs,
        permission: permission === 'deny' ? undefined : permission,
      };
    return { type: 'resume', ref, id, after: this.#lastSeq > 0 ? cursorOf(journalId, this.#lastSeq) : after };
  }

  resumed(after: number, upTo: number): void {
    this.#awaitsResumed = false;
    this.#passedSeq = after;
    this.#upTo = upTo;
    if (this.#lastSeq > 0) return;
    this.#lastSeq = after;
    this.#takenSeq = after;
  }

  deliver(frame: JournalFrame, journalId: string): void {
    // A line that the agent sent before it went back: what lies before this one has not come yet.
    if (this.#awaitsResumed) return;
    this.#passedSeq = Math.max(this.#passedSeq, frame.seq);
    const { answer } = this;
    if (frame.id !== answer.id || frame.seq <= this.#lastSeq || answer.settled) return;
    if (this.#lastSeq === 0 && frame.type !== 'begin') return;
    if (frame.type === 'event' && frame.event.type === 'text' && frame.event.late === true) return;
    if (this.#takenSeq === this.#lastSeq) this.#takenSeq = frame.type === 'begin' ? frame.seq : frame.seq - 1;
    this.#lastSeq = frame.seq;
    if (frame.type === 'event') answer.push(commandEvent(frame, journalId), frame.seq);
    else if (frame.type === 'end') {
      answer.end(frame.result, { cursor: cursorOf(journalId, frame.seq), at: frame.at, seq: frame.seq });
    }
  }

  fail(error: InstanceError): void {
    this.answer.fail(error);
  }

  /** The agent would not take the command, or not give it again. */
  refused(code: string, message: string, retryable: boolean, journalId: string, lastSeq: number): void {
    const { answer } = this;
    if (code !== 'CCB_CANCELLED' && code !== 'CCB_TIMEOUT') {
      answer.fail(new InstanceError(code, message, { retryable }));
      return;
    }
    // Cancelled before it began: an ordinary end, with nothing of it in the journal.
    const status = code === 'CCB_TIMEOUT' ? 'timeout' : 'cancelled';
    const result = {
      id: answer.id,
      durationMs: 0,
      outputBytes: 0,
      completedBy: status === 'timeout' ? 'deadline' : 'cancel',
      inferred: false,
      success: false as const,
      status: status as 'timeout' | 'cancelled',
      error: { code, message, retryable },
    };
    answer.end(result, { cursor: cursorOf(journalId, lastSeq), at: new Date().toISOString(), seq: lastSeq });
  }
}
