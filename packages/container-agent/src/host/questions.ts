import type { PermissionRequest } from '@ccb/instance-interface';
import type { Answer, PermissionDecision } from '@ccb/instance-interface/abstract';
import type { ControlFrame, JournalFrame, PermissionFrame } from '../protocol/frames.ts';

/** Of an agent that asks without end no more are kept. One that is well has fewer open. */
const MAX_KEPT = 200;
/** Of all that are kept, as JSON. */
const MAX_CHARACTERS = 16 * 1024 * 1024;
/** An agent that asks and never reads gets no further answers. */
const MAX_UNREAD = 1_000;

export interface QuestionsDoor {
  /** The answers that follow a command, the first one first. */
  following(id: string): readonly Answer[];
  send(frame: PermissionFrame): 'sent' | 'queued' | 'down';
  note(level: 'warn', event: string, fields: Readonly<Record<string, unknown>>): void;
}

interface Question {
  readonly id: string;
  readonly request: PermissionRequest;
  /** As JSON. */
  readonly words: string;
  /** The agent waits for it in this connection. */
  open: boolean;
  /** Who is deciding. */
  asked: Answer | undefined;
  /** Kept until the agent has journaled it: the frame that carried it may have been lost with its connection. */
  decision: PermissionDecision | undefined;
}

/**
 * What the agent asks, put to the policy of whoever follows the command: once, however often the agent asks again. A
 * question that came before anybody followed waits for one who does.
 */
export class Questions {
  readonly #door: QuestionsDoor;
  readonly #kept = new Map<string, Question>();
  #characters = 0;
  /** Answers that the channel has not handed over yet. */
  #unread = 0;

  constructor(door: QuestionsDoor) {
    this.#door = door;
  }

  get size(): number {
    return this.#kept.size;
  }

  asked({ id, request }: Extract<ControlFrame, { type: 'asking' }>): void {
    const key = keyOf(id, request.requestId);
    const words = JSON.stringify(request);
    let question = this.#kept.get(key);
    // A program may use an id again: what was said to another question does not answer this one.
    if (question?.words !== words) {
      if (question?.asked !== undefined || !this.#makeRoom(key, words.length)) {
        this.#door.note('warn', 'agent.question_dropped', { commandId: id, kept: this.#kept.size });
        return;
      }
      question = { id, request, words, open: true, asked: undefined, decision: undefined };
      this.#kept.set(key, question);
      this.#characters += words.length;
    } else if (question.open && question.decision !== undefined) {
      // Asked again while the answer was on its way: it arrives.
      return;
    }
    question.open = true;
    if (question.decision === undefined) this.#put(question);
    else this.#send(question, question.decision);
  }

  /** Somebody follows this command now. */
  followed(id: string): void {
    for (const question of [...this.#kept.values()]) if (question.id === id) this.#put(question);
  }

  /** The journal says what is decided. It may say so again, in a replay, when the id is another question's. */
  line(frame: JournalFrame): void {
    if (frame.type === 'begin' || this.#kept.size === 0) return;
    if (frame.type === 'end') {
      for (const [key, { id }] of this.#kept) if (id === frame.id) this.#drop(key);
    } else if (frame.event.type === 'permission_resolved') {
      const key = keyOf(frame.id, frame.event.requestId);
      if (this.#kept.get(key)?.asked === undefined) this.#drop(key);
    }
  }

  /** The agent will ask again what it still wants to know; who is being asked is not asked twice. */
  disconnected(): void {
    this.#unread = 0;
    for (const [key, question] of this.#kept) {
      question.open = false;
      if (question.asked === undefined && question.decision === undefined) this.#drop(key);
    }
  }

  /** The channel has room again. */
  drained(): void {
    this.#unread = 0;
  }

  #put(question: Question): void {
    if (question.asked !== undefined || question.decision !== undefined) return;
    const answer = this.#door.following(question.id).find(({ settled }) => !settled);
    if (answer === undefined) return;
    question.asked = answer;
    void answer.ask(question.request).then((decision) => {
      question.asked = undefined;
      const key = keyOf(question.id, question.request.requestId);
      if (this.#kept.get(key) !== question) return;
      if (answer.settled) {
        // Nobody has decided: that answer is over, or was let go, and the command may go on.
        if (question.open) this.#put(question);
        else this.#drop(key);
        return;
      }
      question.decision = decision;
      if (question.open) this.#send(question, decision);
    });
  }

  #send({ id, request }: Question, { answer, by }: PermissionDecision): void {
    const { requestId } = request;
    if (this.#unread >= MAX_UNREAD) this.#door.note('warn', 'agent.answer_dropped', { commandId: id });
    else if (this.#door.send({ type: 'permission', id, requestId, answer, by }) === 'queued') this.#unread += 1;
  }

  /** What nobody is being asked may go: the agent asks it again when somebody resumes the command. */
  #makeRoom(replaced: string, characters: number): boolean {
    this.#drop(replaced);
    const isFull = (): boolean => this.#kept.size >= MAX_KEPT || this.#characters + characters > MAX_CHARACTERS;
    for (const [key, { asked }] of this.#kept) {
      if (!isFull()) break;
      if (asked === undefined) this.#drop(key);
    }
    return !isFull();
  }

  #drop(key: string): void {
    this.#characters -= this.#kept.get(key)?.words.length ?? 0;
    this.#kept.delete(key);
  }
}

/** Ids of commands have no line breaks. */
function keyOf(id: string, requestId: string): string {
  return `${id}\n${requestId}`;
}
