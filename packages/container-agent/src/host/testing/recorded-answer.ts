import type {
  CommandEvent,
  CommandResult,
  InstanceError,
  PermissionAnswer,
  PermissionRequest,
} from '@ccb/instance-interface';
import type { Answer, AnswerPosition, PermissionDecision } from '@ccb/instance-interface/abstract';

/** An answer whose reader takes only what it is told to take. */
export class RecordedAnswer implements Answer {
  readonly id: string;
  readonly text: string;
  readonly stderr = 'separate';
  readonly remainingMs = undefined;
  readonly permission: 'deny' | 'allow' | 'ask';
  readonly resumed: boolean;
  readonly after: string | undefined;
  readonly signal: AbortSignal = new AbortController().signal;
  readonly events: CommandEvent[] = [];
  readonly asked: { readonly request: PermissionRequest; decide(answer: PermissionAnswer): void }[] = [];
  readonly settlement: Promise<CommandResult | InstanceError>;
  cancelRequested: 'cancelled' | 'timeout' | undefined;
  result: CommandResult | undefined;
  error: InstanceError | undefined;
  full = false;
  onDrain: (() => void) | undefined;
  onTaken: ((seq: number) => void) | undefined;
  #lastSeq = 0;
  #settle: (outcome: CommandResult | InstanceError) => void = () => {};

  constructor(
    id: string,
    options: {
      readonly text?: string;
      readonly resumed?: boolean;
      readonly after?: string;
      readonly permission?: 'deny' | 'allow' | 'ask';
    } = {},
  ) {
    this.id = id;
    this.text = options.text ?? `run ${id}`;
    this.permission = options.permission ?? 'deny';
    this.resumed = options.resumed ?? false;
    this.after = options.after;
    this.settlement = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  get settled(): boolean {
    return this.result !== undefined || this.error !== undefined;
  }

  get output(): string {
    return this.events.map((event) => (event.type === 'text' ? event.text : '')).join('');
  }

  /** The reader takes everything up to `seq`, or all that there is. */
  take(seq: number = this.#lastSeq): void {
    this.onTaken?.(seq);
  }

  /** The reader becomes slow, or quick again. */
  fill(full: boolean): void {
    this.full = full;
    if (!full) this.onDrain?.();
  }

  push(event: CommandEvent, seq: number): void {
    this.#lastSeq = seq;
    this.events.push(event);
  }

  end(result: CommandResult, { seq }: AnswerPosition): void {
    if (this.settled) return;
    this.#lastSeq = seq;
    this.result = result;
    this.#settle(result);
  }

  fail(error: InstanceError): void {
    if (this.settled) return;
    this.error = error;
    this.#settle(error);
  }

  /** Decided by the test; when the answer settles, by nobody. */
  ask(request: PermissionRequest): Promise<PermissionDecision> {
    return new Promise((resolve) => {
      const cancelled: PermissionDecision = { answer: 'cancelled', by: 'cancelled' };
      this.asked.push({ request, decide: (answer) => resolve({ answer, by: 'handler' }) });
      void this.settlement.then(() => resolve(cancelled));
    });
  }
}
