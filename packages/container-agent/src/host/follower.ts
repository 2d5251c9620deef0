import { InstanceError } from '@ccb/instance-interface';
import type { Answer } from '@ccb/instance-interface/abstract';
import type { HostFrame, JournalFrame } from '../protocol/frames.ts';
import { commandEvent, cursorOf } from './events.ts';

/** Somebody who reads the journal's lines as they come, across reconnects, each line once. */
export interface Follower {
  /** Lines up to here were delivered; 0: none yet. */
  readonly lastSeq: number;
  /** Lines up to here were taken by whoever reads; undefined: holds no acknowledgement back. */
  readonly takenSeq: number | undefined;
  /** The reader is slow. */
  readonly full: boolean;
  /** How the agent is asked for what is missing, at first and after each reconnect. */
  request(journalId: string, ref: number): HostFrame;
  /** The agent reads its journal again from after this line. */
  resumed(after: number, upTo: number): void;
  deliver(frame: JournalFrame, journalId: string): void;
  fail(error: InstanceError): void;
}

/** Feeds one answer. */
export class AnswerFollower implements Follower {
  readonly answer: Answer;
  #lastSeq = 0;
  #takenSeq: number | undefined;

  /** @param onTaken called whenever the reader has moved on */
  constructor(answer: Answer, onTaken: () => void) {
    this.answer = answer;
    // A resumed one wants lines that are journaled already: nothing may be acknowledged over its head.
    if (answer.resumed) this.#takenSeq = 0;
    answer.onTaken = (seq) => {
      this.#takenSeq = seq;
      onTaken();
    };
  }

  get lastSeq(): number {
    return this.#lastSeq;
  }

  get takenSeq(): number | undefined {
    return this.#takenSeq === this.#lastSeq ? undefined : this.#takenSeq;
  }

  get full(): boolean {
    return this.answer.full;
  }

  request(journalId: string, ref: number): HostFrame {
    const { id, text, stderr, resumed } = this.answer;
    const after = this.#lastSeq > 0 ? cursorOf(journalId, this.#lastSeq) : this.answer.after;
    return resumed ? { type: 'resume', ref, id, after } : { type: 'command', id, text, stderr, after };
  }

  resumed(after: number): void {
    if (this.#lastSeq > 0) return;
    this.#lastSeq = after;
    this.#takenSeq = after;
  }

  deliver(frame: JournalFrame, journalId: string): void {
    const { answer } = this;
    if (frame.id !== answer.id || frame.seq <= this.#lastSeq) return;
    this.#lastSeq = frame.seq;
    if (frame.type === 'event') {
      if (frame.event.type === 'text' && frame.event.late === true) return;
      this.#takenSeq ??= frame.seq - 1;
      answer.push(commandEvent(frame, journalId), frame.seq);
    } else if (frame.type === 'end') {
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
