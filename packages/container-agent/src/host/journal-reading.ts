import { type Cursor, type HistoryEntry, InstanceError } from '@ccb/instance-interface';
import type { Answer } from '@ccb/instance-interface/abstract';
import type { AgentHello, CancelReason, ControlFrame, HostFrame, JournalFrame } from '../protocol/frames.ts';
import { cursorOf } from './events.ts';
import { AnswerFollower, type Follower } from './follower.ts';
import { Followers } from './followers.ts';
import { HistoryReader } from './history-reader.ts';
import { LineOrder, type Verdict } from './line-order.ts';
import type { Requests } from './requests.ts';

const RESUME_MS = 10_000;

/** What the reading needs of the connection. */
export interface Link {
  readonly isUp: boolean;
  readonly requests: Requests;
  send(frame: HostFrame): void;
  /** Stop reading the channel, or go on. */
  hold(held: boolean): void;
  note(level: 'warn', event: string, fields: Readonly<Record<string, unknown>>): void;
  /** A number that no other request has. */
  nextRef(): number;
}

/** The agent's journal as this host reads it: who follows what, each line once and in order, across reconnects. */
export class JournalReading {
  readonly #link: Link;
  readonly #followers: Followers;
  readonly #order = new LineOrder();
  readonly #resuming = new Map<number, Follower>();
  /** Commands for an agent that has no program yet. */
  readonly #waiting = new Set<Follower>();
  #journalId: string | undefined;
  #configured = false;

  constructor(link: Link) {
    this.#link = link;
    this.#followers = new Followers({
      flow: (paused) => link.send({ type: paused ? 'pause' : 'proceed' }),
      hold: (held) => link.hold(held),
      acknowledge: (seq) => link.send({ type: 'ack', seq }),
    });
  }

  /** How many read. */
  get size(): number {
    return this.#followers.size;
  }

  /** The agent is there (again): whoever reads goes on where it was. */
  greeted(hello: AgentHello): void {
    const lost = this.#journalId !== undefined && this.#journalId !== hello.journalId;
    this.#journalId = hello.journalId;
    this.#order.begin(hello.lastSeq);
    if (lost) {
      const message = 'the journal with this answer is gone: the agent began a new one';
      this.#followers.failAll(new InstanceError('CCB_JOURNAL_LOST', message));
    }
    this.#followers.reconnected();
    this.#configured = hello.configured;
    this.#waiting.clear();
    for (const follower of this.#followers.all) this.#request(follower, hello.journalId);
  }

  /** The program is there: what waited for it is sent. */
  configured(): void {
    this.#configured = true;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    if (this.#journalId === undefined) return;
    for (const follower of this.#followers.all) {
      if (waiting.includes(follower)) this.#request(follower, this.#journalId);
    }
  }

  /** Runs the answer's command, or goes on with it: the agent sends what the answer has not seen. */
  feed(answer: Answer): void {
    const follower = new AnswerFollower(answer, () => this.#followers.updateFlow());
    answer.onDrain = () => this.#followers.updateFlow();
    this.#add(follower);
  }

  /** Nobody wants it any more; the command goes on. */
  forget(answer: Answer): void {
    for (const follower of this.#followers.ofCommand(answer.id)) {
      if (follower.answer === answer) this.#followers.remove(follower);
    }
  }

  history(options: {
    readonly after?: Cursor | undefined;
    readonly follow: boolean;
    readonly signal?: AbortSignal | undefined;
  }): AsyncIterableIterator<HistoryEntry> {
    const { signal } = options;
    const aborted = (): void => reader.abort(signal?.reason);
    const reader: HistoryReader = new HistoryReader(options, {
      taken: () => this.#followers.updateFlow(),
      ended: () => {
        signal?.removeEventListener('abort', aborted);
        this.#followers.remove(reader);
      },
    });
    if (signal?.aborted) aborted();
    else {
      signal?.addEventListener('abort', aborted, { once: true });
      this.#add(reader);
    }
    return reader;
  }

  line(frame: JournalFrame): void {
    const journalId = this.#journalId;
    if (journalId === undefined || !this.#link.isUp) return;
    const verdict = this.#order.line(frame.seq);
    if (verdict !== 'deliver') {
      this.#judge(verdict);
      return;
    }
    this.#followers.deliver(frame, journalId);
    if (frame.type !== 'end') return;
    for (const follower of this.#followers.ofCommand(frame.id)) if (follower.answer.settled) this.#retire(follower);
  }

  /** Something came that could not be read: it may have been a line. */
  missing(): void {
    this.#judge(this.#order.missing());
  }

  resumed({ ref, after, upTo }: Extract<ControlFrame, { type: 'resumed' }>): void {
    // At once, not by the promise: the lines follow in the same chunk.
    this.#resuming.get(ref)?.resumed(after, upTo);
    this.#link.requests.answer(`resume ${ref}`, undefined);
  }

  /** The agent would not take the command. */
  refused(id: string, { code, message, retryable }: Extract<ControlFrame, { type: 'refused' }>): void {
    for (const follower of this.#followers.ofCommand(id)) {
      this.#followers.remove(follower);
      follower.refused(code, message, retryable, this.#journalId ?? '', this.#order.last);
    }
  }

  /** What the readers have taken, for a frame that goes out anyway. */
  takeAcknowledgement(): number | undefined {
    const seq = this.#followers.ackable(this.#order.last);
    if (seq !== undefined) this.#followers.noteAcknowledged(seq);
    return seq;
  }

  failAll(error: InstanceError): void {
    this.#followers.failAll(error);
  }

  #add(follower: Follower): void {
    this.#followers.add(follower);
    if (this.#link.isUp && this.#journalId !== undefined) this.#request(follower, this.#journalId);
  }

  #request(follower: Follower, journalId: string): void {
    const ref = this.#link.nextRef();
    const frame = follower.request(journalId, ref);
    if (frame.type === 'command' && !this.#configured) {
      this.#waiting.add(follower);
      return;
    }
    if (frame.type === 'command') {
      this.#link.send({ ...frame, ack: this.takeAcknowledgement() });
    } else {
      this.#awaitResumed(follower, ref);
      this.#link.send(frame);
    }
    // A cancel that was asked for while the agent was away.
    if (follower instanceof AnswerFollower) this.#cancelAgain(follower.answer.id, follower.answer.cancelRequested);
  }

  #cancelAgain(id: string, reason: CancelReason | undefined): void {
    if (reason !== undefined) this.#link.send({ type: 'cancel', id, reason });
  }

  #awaitResumed(follower: Follower, ref: number): void {
    this.#resuming.set(ref, follower);
    this.#link.requests
      .ask<void>(`resume ${ref}`, 'resume', { timeoutMs: RESUME_MS })
      .catch((error: InstanceError) => {
        // The agent went away meanwhile: it is asked again when it is back.
        if (InstanceError.is(error, 'CCB_BACKEND_UNREACHABLE')) return;
        this.#followers.remove(follower);
        follower.fail(error);
      })
      .finally(() => this.#resuming.delete(ref));
  }

  /** An answer that has ended still holds acknowledgements back until its reader has taken it. */
  #retire(follower: AnswerFollower): void {
    const { answer } = follower;
    if (follower.takenSeq === undefined) {
      this.#followers.remove(follower);
      return;
    }
    const taken = answer.onTaken;
    answer.onTaken = (seq) => {
      taken?.(seq);
      if (follower.takenSeq === undefined) this.#followers.remove(follower);
    };
  }

  #judge(verdict: Verdict): void {
    const journalId = this.#journalId;
    if (journalId === undefined) return;
    if (verdict === 'ask-again') {
      this.#link.note('warn', 'agent.line_missing', { expected: this.#order.expected });
      this.#link.send({ type: 'resume', ref: 0, after: cursorOf(journalId, this.#order.last) });
    } else if (verdict === 'broken') {
      const message = `the agent's line ${this.#order.expected} is missing or malformed, also when asked for again; is it of another version, or broken?`;
      this.#followers.failAll(new InstanceError('CCB_PROTOCOL', message));
    }
  }
}
