import type { CommandEvent, CommandResult, InstanceError } from '@ccb/instance-interface';
import type { Answer, AnswerPosition } from '@ccb/instance-interface/abstract';

/** An answer whose reader takes only what it is told to take. */
export class RecordedAnswer implements Answer {
  readonly id: string;
  readonly text: string;
  readonly stderr = 'separate';
  readonly remainingMs = undefined;
  readonly resumed: boolean;
  readonly after: string | undefined;
  readonly signal: AbortSignal = new AbortController().signal;
  readonly events: CommandEvent[] = [];
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
    options: { readonly text?: string; readonly resumed?: boolean; readonly after?: string } = {},
  ) {
    this.id = id;
    this.text = options.text ?? `run ${id}`;
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

  ask(): Promise<'cancelled'> {
    return Promise.resolve('cancelled');
  }
}
