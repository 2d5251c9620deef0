import type { PermissionAnswer, PermissionRequest } from '@ccb/instance-interface';
import { answerByPolicy, isOffered, optionOf, type PermissionDecision } from '@ccb/instance-interface/abstract';
import type { ControlFrame, PermissionFrame } from '../protocol/frames.ts';
import { checkPermissionRequest } from '../protocol/permission.ts';
import type { AgentLog } from './log.ts';

/** More at once are no questions for a person, but a program that runs wild. */
const MAX_OPEN = 100;

const cancelled: PermissionDecision = { answer: 'cancelled', by: 'cancelled' };

/** The command that asks. */
export interface Asking {
  readonly id: string;
  /** Journals what is no output. */
  update(update: object): void;
}

export interface Desk {
  /** To the holder, if there is one. */
  tell(frame: ControlFrame): void;
  readonly log: AgentLog;
}

interface Question {
  readonly request: PermissionRequest;
  resolve(answer: PermissionAnswer): void;
}

/** What the program of one command asks, and who answers: the policy at once, or a host, this one or a later one. */
export class Questions {
  readonly #command: Asking;
  readonly #policy: 'deny' | 'allow' | 'ask';
  readonly #outbox: { commit(): void };
  readonly #desk: Desk;
  readonly #open = new Map<string, Question>();
  #over = false;

  constructor(command: Asking, policy: 'deny' | 'allow' | 'ask', outbox: { commit(): void }, desk: Desk) {
    this.#command = command;
    this.#policy = policy;
    this.#outbox = outbox;
    this.#desk = desk;
  }

  /** How many wait for their answer. */
  get open(): number {
    return this.#open.size;
  }

  /** Never rejects; what cannot be asked, and what the command's end leaves open, is `'cancelled'`. */
  ask(request: PermissionRequest): Promise<PermissionAnswer> {
    const flaw = this.#flawOf(request);
    if (flaw !== undefined) {
      this.#desk.log('error', 'permission.unaskable', { id: this.#command.id, reason: flaw });
      return Promise.resolve('cancelled');
    }
    const { requestId, toolCall, options } = request;
    return new Promise((resolve) => {
      const question: Question = { request, resolve };
      this.#open.set(requestId, question);
      this.#command.update({ type: 'permission_request', requestId, toolCall, options });
      if (this.#over) this.#end(question, cancelled);
      else if (this.#policy !== 'ask') {
        this.#decide(question, { answer: answerByPolicy(this.#policy, request), by: 'policy' });
      } else {
        // The question is in the journal, and on its way to the reader, before anybody is asked.
        this.#outbox.commit();
        if (this.#open.has(requestId)) this.#desk.tell(this.#frame(request));
      }
    });
  }

  /** The first answer counts; one that was not offered is a denial. */
  answer({ requestId, answer, by }: PermissionFrame): void {
    const question = this.#open.get(requestId);
    const about = { id: this.#command.id, requestId };
    if (question === undefined) {
      this.#desk.log('info', 'permission.not_asked', about);
    } else if (isOffered(question.request, answer)) {
      this.#decide(question, { answer, by });
    } else {
      this.#desk.log('warn', 'permission.not_offered', about);
      this.#decide(question, { answer: answerByPolicy('deny', question.request), by: 'policy' });
    }
  }

  /** To one who was not there when they were asked. */
  repeat(tell: (frame: ControlFrame) => void): void {
    for (const { request } of this.#open.values()) tell(this.#frame(request));
  }

  /** The command ends, or is to end: nobody's answer counts any more. */
  cancel(): void {
    this.#over = true;
    for (const question of [...this.#open.values()]) this.#end(question, cancelled);
  }

  #flawOf(request: PermissionRequest): string | undefined {
    if (this.#open.size >= MAX_OPEN) return `${MAX_OPEN} questions are open already`;
    if (this.#open.has(request.requestId)) return `a question ${request.requestId} is open already`;
    try {
      checkPermissionRequest({ ...request }, '');
      return undefined;
    } catch (error) {
      return String(error);
    }
  }

  #frame(request: PermissionRequest): ControlFrame {
    return { type: 'asking', id: this.#command.id, request };
  }

  #decide(question: Question, decision: PermissionDecision): void {
    this.#record(question, decision);
    // What the program may do is in the journal before it does it; a full disk there has cancelled everything.
    this.#outbox.commit();
    question.resolve(this.#over ? 'cancelled' : decision.answer);
  }

  #end(question: Question, decision: PermissionDecision): void {
    this.#record(question, decision);
    question.resolve(decision.answer);
  }

  #record({ request }: Question, { answer, by }: PermissionDecision): void {
    const { requestId } = request;
    this.#open.delete(requestId);
    this.#command.update({ type: 'permission_resolved', requestId, optionId: optionOf(request, answer), by });
  }
}
