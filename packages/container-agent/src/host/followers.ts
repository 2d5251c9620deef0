import type { InstanceError } from '@ccb/instance-interface';
import type { JournalFrame } from '../protocol/frames.ts';
import { AnswerFollower, type Follower } from './follower.ts';

/** What the reader has taken is told to the agent once this much more was received. */
const ACK_BYTES = 1024 * 1024;
/** An agent that goes on sending after `pause` is not read any further. */
const DISOBEDIENT_BYTES = 8 * 1024 * 1024;

export interface FollowersEvents {
  /** Tell the agent to stop, or to go on. */
  flow(paused: boolean): void;
  /** Stop reading the channel itself, or go on. */
  hold(held: boolean): void;
  acknowledge(seq: number): void;
}

/** All who read the journal through one client: delivery, the acknowledgement they allow together, and flow. */
export class Followers {
  readonly #all = new Set<Follower>();
  readonly #events: FollowersEvents;
  #engaged = false;
  #received = 0;
  #acked = 0;
  #ackedAt = 0;
  #paused = false;
  #held = false;
  #pausedAt = 0;

  constructor(events: FollowersEvents) {
    this.#events = events;
  }

  get all(): readonly Follower[] {
    return [...this.#all];
  }

  get size(): number {
    return this.#all.size;
  }

  add(follower: Follower): void {
    this.#engaged = true;
    this.#all.add(follower);
  }

  remove(follower: Follower): void {
    if (this.#all.delete(follower)) this.updateFlow();
  }

  ofCommand(id: string): readonly AnswerFollower[] {
    const found: AnswerFollower[] = [];
    for (const follower of this.#all) {
      if (follower instanceof AnswerFollower && follower.answer.id === id) found.push(follower);
    }
    return found;
  }

  deliver(frame: JournalFrame, journalId: string): void {
    this.#received += frame.type === 'event' && frame.event.type === 'text' ? frame.event.text.length + 150 : 300;
    for (const follower of this.#all) follower.deliver(frame, journalId);
    this.updateFlow();
    if (this.#received - this.#ackedAt >= ACK_BYTES) this.acknowledge(frame.seq);
  }

  failAll(error: InstanceError): void {
    for (const follower of this.all) {
      this.#all.delete(follower);
      follower.fail(error);
    }
    this.updateFlow();
  }

  /** What may be acknowledged when everything up to `seq` was received: nothing before anybody reads at all. */
  ackable(seq: number): number | undefined {
    if (!this.#engaged) return undefined;
    let taken = seq;
    for (const follower of this.#all) taken = Math.min(taken, follower.takenSeq ?? taken);
    return taken;
  }

  acknowledge(seq: number): void {
    const ackable = this.ackable(seq);
    if (ackable === undefined || ackable <= this.#acked) return;
    this.noteAcknowledged(ackable);
    this.#events.acknowledge(ackable);
  }

  /** An acknowledgement went along with another frame. */
  noteAcknowledged(seq: number): void {
    this.#acked = Math.max(this.#acked, seq);
    this.#ackedAt = this.#received;
  }

  /** After every delivery, and whenever a reader has moved on. */
  updateFlow(): void {
    const full = this.#isFull();
    if (full !== this.#paused) {
      this.#paused = full;
      this.#pausedAt = this.#received;
      this.#events.flow(full);
    }
    const held = full && this.#received - this.#pausedAt > DISOBEDIENT_BYTES;
    if (held !== this.#held) {
      this.#held = held;
      this.#events.hold(held);
    }
  }

  /** The agent is a new one, or was away: it knows of no pause and of no acknowledgement. */
  reconnected(): void {
    this.#paused = false;
    this.#acked = 0;
    this.updateFlow();
  }

  /** A slow reader of an answer holds the program back. One of the history waits for nobody and holds nobody up. */
  #isFull(): boolean {
    let all = this.#all.size > 0;
    for (const follower of this.#all) {
      if (!follower.full) all = false;
      else if (follower instanceof AnswerFollower) return true;
    }
    return all;
  }
}
