import { type Cursor, type HistoryEntry, InstanceError } from '@ccb/instance-interface';
import type { Answer } from '@ccb/instance-interface/abstract';
import type { AgentHello, CancelReason, ControlFrame, HostFrame, JournalFrame } from '../protocol/frames.ts';
import { brokenAt, journalLost } from './connection-errors.ts';
import { cursorOf } from './events.ts';
import { AnswerFollower, type Follower } from './follower.ts';
import { Followers } from './followers.ts';
import { HistoryReader } from './history-reader.ts';
import { LineOrder, type Verdict } from './line-order.ts';
import { cursorError, sizeError } from './request-limits.ts';
import type { Requests } from './requests.ts';

const RESUME_MS = 10_000;

/** What the reading needs of the connection. */
export interface Link {
  readonly isUp: boolean;
  readonly requests: Requests;
  send(frame: HostFrame): void;
  /** Somebody else holds the agent: what is read here is not acknowledged. */
  readonly observes: boolean;
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
  /** Whom the agent goes back for; undefined: for everybody, because a line is missing. */
  readonly #resuming = new Map<number, Follower | undefined>();
  /** Those that the agent knows of. */
  readonly #asked = new WeakSet<Follower>();
  /** Commands for an agent that has no program yet. */
  readonly #waiting = new Set<Follower>();
  #journalId: string | undefined;
  #configured = false;
  #closed: InstanceError | undefined;

  constructor(link: Link) {
    this.#link = link;
    this.#followers = new Followers({
      flow: (paused) => link.send({ type: paused ? 'pause' : 'proceed' }),
      hold: (held) => link.hold(held),
      acknowledge: (seq) => {
        if (!link.observes) link.send({ type: 'ack', seq });
      },
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
    if (lost) this.#lose();
    this.#followers.reconnected();
    this.#configured = hello.configured;
    this.#waiting.clear();
    for (const follower of this.#followers.all) {
      // One that has ended only waits for its reader.
      if (!(follower instanceof AnswerFollower && follower.answer.settled)) this.#request(follower, hello.journalId);
    }
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
    this.#add(follower, answer.after);
  }

  /** Nobody wants it any more; the command goes on. */
  forget(answer: Answer): void {
    for (const follower of this.#followers.ofCommand(answer.id)) {
      if (follower.answer === answer) this.#followers.remove(follower);
    }
  }

  /** Everything after a cursor, all commands; nothing happens before the first step. */
  history(options: {
    readonly after?: Cursor | undefined;
    readonly follow: boolean;
    readonly signal?: AbortSignal | undefined;
  }): AsyncIterableIterator<HistoryEntry> {
    const { signal } = options;
    const aborted = (): void => reader.abort(signal?.reason);
    const reader: HistoryReader = new HistoryReader(options, {
      begin: () => {
        if (signal?.aborted) {
          aborted();
          return;
        }
        signal?.addEventListener('abort', aborted, { once: true });
        this.#add(reader, options.after);
      },
      taken: () => this.#followers.updateFlow(),
      again: () => {
        if (this.#link.isUp && this.#journalId !== undefined) this.#request(reader, this.#journalId);
      },
      ended: () => {
        signal?.removeEventListener('abort', aborted);
        this.#followers.remove(reader);
      },
    });
    return reader;
  }

  /** Who follows the command. */
  answersOf(id: string): readonly Answer[] {
    return this.#followers.ofCommand(id).map(({ answer }) => answer);
  }

  line(frame: JournalFrame): void {
    const journalId = this.#journalId;
    if (journalId === undefined || !this.#link.isUp) return;
    const verdict = this.#order.line(frame.seq);
    if (verdict !== 'deliver') {
      this.#judge(verdict, frame.seq);
      return;
    }
    this.#followers.deliver(frame, journalId);
    if (frame.type !== 'end') return;
    for (const follower of this.#followers.ofCommand(frame.id)) if (follower.answer.settled) this.#retire(follower);
  }

  /** Something came that could not be read: it may have been a line. */
  missing(): void {
    if (this.#link.isUp) this.#judge(this.#order.missing(), this.#order.expected);
  }

  resumed({ ref, after, upTo }: Extract<ControlFrame, { type: 'resumed' }>): void {
    if (!this.#resuming.has(ref)) return;
    // At once, not by the promise: the lines follow in the same chunk.
    this.#order.resumed(after, upTo);
    this.#resuming.get(ref)?.resumed(after, upTo);
    this.#resuming.delete(ref);
    this.#link.requests.answer(`resume ${ref}`, undefined);
  }

  /** The agent would not take the command. */
  refused(id: string, { code, message, retryable }: Extract<ControlFrame, { type: 'refused' }>): void {
    for (const follower of this.#meantBy(id, code)) {
      this.#followers.remove(follower);
      follower.refused(code, message, retryable, this.#journalId ?? '', this.#order.last);
    }
  }

  /** What the readers have taken, for a frame that goes out anyway. */
  takeAcknowledgement(): number | undefined {
    if (this.#link.observes) return undefined;
    const seq = this.#followers.ackable(this.#order.last);
    if (seq !== undefined) this.#followers.noteAcknowledged(seq);
    return seq;
  }

  failAll(error: InstanceError): void {
    this.#followers.failAll(error);
  }

  /** Ends everything, also what is asked for later, with this error. */
  close(error: InstanceError): void {
    this.#closed = error;
    this.failAll(error);
  }

  #add(follower: Follower, after: Cursor | undefined): void {
    const error = this.#closed ?? cursorError(after);
    if (error !== undefined) {
      follower.fail(error);
      return;
    }
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
      const tooLarge = sizeError(frame);
      if (tooLarge !== undefined) {
        this.#followers.remove(follower);
        follower.fail(tooLarge);
        return;
      }
      const { type, id, text, stderr, timeoutMs, permission } = frame;
      this.#link.send({ type, id, text, stderr, timeoutMs, permission, ack: this.takeAcknowledgement() });
    } else {
      this.#awaitResumed(ref, follower);
      this.#link.send(frame);
    }
    this.#asked.add(follower);
    // A cancel that was asked for while the agent was away.
    if (follower instanceof AnswerFollower) this.#cancelAgain(follower.answer.id, follower.answer.cancelRequested);
  }

  #cancelAgain(id: string, reason: CancelReason | undefined): void {
    if (reason !== undefined) this.#link.send({ type: 'cancel', id, reason });
  }

  #awaitResumed(ref: number, follower: Follower | undefined): void {
    this.#resuming.set(ref, follower);
    this.#link.requests
      .ask<void>(`resume ${ref}`, 'resume', { timeoutMs: RESUME_MS })
      .catch((error: InstanceError) => {
        // The agent went away meanwhile: it is asked again when it is back.
        if (InstanceError.is(error, 'CCB_BACKEND_UNREACHABLE')) return;
        if (follower === undefined) {
          // The next hole is asked for anew.
          this.#order.begin(this.#order.last);
          this.failAll(error);
          return;
        }
        this.#followers.remove(follower);
        follower.fail(error);
      })
      .finally(() => this.#resuming.delete(ref));
  }

  /** The journal is another one. What the agent was never asked for is not concerned. */
  #lose(): void {
    for (const follower of this.#followers.all) {
      if (!this.#asked.has(follower)) continue;
      this.#followers.remove(follower);
      follower.fail(journalLost());
    }
  }

  /** Whom a refusal of this id concerns: of two commands that share it by mistake, the later one. */
  #meantBy(id: string, code: string): readonly AnswerFollower[] {
    const all = this.#followers.ofCommand(id);
    if (code !== 'CCB_ID_CONFLICT') return all;
    const sent = all.filter(({ answer }) => !answer.resumed);
    const others = sent.filter(({ answer }) => answer.text !== sent[0]?.answer.text);
    return others.length > 0 ? others : sent;
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

  /** @param seq the line that made it so */
  #judge(verdict: Verdict, seq: number): void {
    const journalId = this.#journalId;
    if (journalId === undefined) return;
    if (verdict === 'ask-again') {
      this.#link.note('warn', 'agent.line_missing', { expected: this.#order.expected });
      const ref = this.#link.nextRef();
      this.#awaitResumed(ref, undefined);
      this.#link.send({ type: 'resume', ref, after: cursorOf(journalId, this.#order.last) });
    } else if (verdict === 'broken') {
      const error = brokenAt(this.#order.expected);
      // Whoever comes later reads on behind it.
      this.#order.begin(seq);
      this.failAll(error);
    }
  }
}
