import { hash } from 'node:crypto';
import type { CommandResult } from '../../command.ts';
import { InstanceError } from '../../error.ts';
import type { CommandEvent } from '../../event.ts';
import type { Answer, AnswerPosition } from '../answer/answer.ts';
import { weigh } from '../answer/buffer.ts';

/** Ids that are remembered. */
const maxIds = 10_000;
/** Events that are remembered, of all commands together; roughly bytes. */
const maxWeight = 1024 * 1024;

/** What is remembered of a command that began. */
export class Recording {
  readonly id: string;
  readonly digest: string;
  readonly events: { readonly event: CommandEvent; readonly seq: number }[] = [];
  readonly followers: Set<Answer> = new Set();
  weight = 0;
  /** Its events were dropped to make room. */
  dropped = false;
  end: { readonly result: CommandResult; readonly position: AnswerPosition } | undefined;

  constructor(id: string, digest: string) {
    this.id = id;
    this.digest = digest;
  }
}

/** The memory of an instance without a journal: an id that comes again is replayed from here, never run again. */
export class Recordings {
  readonly #byId = new Map<string, Recording>();
  #weight = 0;

  get(id: string): Recording | undefined {
    return this.#byId.get(id);
  }

  begin(id: string, text: string): Recording {
    const recording = new Recording(id, digestOf(text));
    this.#byId.set(id, recording);
    for (const old of this.#byId.values()) {
      if (this.#byId.size <= maxIds) break;
      this.#drop(old);
      this.#byId.delete(old.id);
    }
    return recording;
  }

  isSame(recording: Recording, text: string): boolean {
    return recording.digest === digestOf(text);
  }

  add(recording: Recording, event: CommandEvent, seq: number): void {
    for (const follower of recording.followers) follower.push(event, seq);
    if (recording.dropped) return;
    const weight = weigh(event);
    recording.events.push({ event, seq });
    recording.weight += weight;
    this.#weight += weight;
    for (const old of this.#byId.values()) {
      if (this.#weight <= maxWeight) break;
      if (old.weight > 0) this.#drop(old);
    }
  }

  end(recording: Recording, result: CommandResult, position: AnswerPosition): void {
    if (recording.end !== undefined) return;
    recording.end = { result, position };
    const followers = [...recording.followers];
    recording.followers.clear();
    for (const follower of followers) follower.end(result, position);
  }

  /** Gives what came after `answer.after`, then what is still to come. */
  replay(recording: Recording, answer: Answer): void {
    const { events, end } = recording;
    let from = 0;
    if (answer.after !== undefined && answer.after === end?.position.cursor) {
      from = events.length;
    } else if (recording.dropped) {
      answer.fail(
        new InstanceError(
          'CCB_JOURNAL_GAP',
          `The events of command ${recording.id} are no longer in memory: this backend remembers 1 MiB. It ran once and is not run again.`,
        ),
      );
      return;
    } else if (answer.after !== undefined) {
      from = events.findIndex(({ event }) => event.cursor === answer.after) + 1;
      if (from === 0) {
        answer.fail(
          new InstanceError('CCB_JOURNAL_LOST', `The cursor ${answer.after} is not one of command ${recording.id}.`),
        );
        return;
      }
    }
    for (const { event, seq } of events.slice(from)) answer.push(event, seq);
    if (end === undefined) recording.followers.add(answer);
    else answer.end(end.result, end.position);
  }

  #drop(recording: Recording): void {
    this.#weight -= recording.weight;
    recording.weight = 0;
    recording.dropped = true;
    recording.events.length = 0;
  }
}

function digestOf(text: string): string {
  return hash('sha256', text, 'base64');
}
