import type { Answer, AnswerPosition, Call } from '../abstract.ts';
import type { CommandEvent, CommandResult, Cursor, HistoryEntry } from '../index.ts';
import { able, ScriptedInstance } from './scripted.ts';

/** A backend behind the door, as one with an agent would be: the test feeds the answers. */
export class DoorInstance extends ScriptedInstance {
  readonly dispatched: Answer[] = [];
  readonly resumed: Answer[] = [];
  readonly cancelled: string[] = [];
  readonly taken: number[] = [];
  onDispatch: ((answer: Answer) => void) | undefined;
  onCancel: ((answer: Answer, call: Call) => Promise<void>) | undefined;
  entries: readonly HistoryEntry[] = [];

  constructor(options: ConstructorParameters<typeof ScriptedInstance>[1] = {}) {
    super({}, { capabilities: { ...able, history: true }, ...options });
  }

  /** The one in flight. */
  get running(): Answer | undefined {
    return this._running();
  }

  protected override _dispatch(answer: Answer): void {
    this.dispatched.push(answer);
    answer.onTaken = (seq) => this.taken.push(seq);
    this.onDispatch?.(answer);
  }

  protected override _resume(answer: Answer): void {
    this.resumed.push(answer);
  }

  protected override async _cancel(answer: Answer, reason: 'cancelled' | 'timeout', call: Call): Promise<void> {
    this.cancelled.push(`${reason} ${answer.id}`);
    await this.onCancel?.(answer, call);
  }

  protected override async *_history(options: {
    readonly after?: Cursor | undefined;
    readonly follow: boolean;
  }): AsyncGenerator<HistoryEntry> {
    this.calls.push(`history ${options.after} ${options.follow}`);
    yield* this.entries;
  }
}

export function textEvent(seq: number, text: string, stream?: 'stdout' | 'stderr'): CommandEvent {
  return { cursor: `j.${seq}`, at: '2026-01-02T03:04:05.000Z', type: 'text', text, ...(stream && { stream }) };
}

export function positionOf(seq: number): AnswerPosition {
  return { cursor: `j.${seq}`, at: '2026-01-02T03:04:06.000Z', seq };
}

export function successOf(answer: Answer): CommandResult {
  return {
    id: answer.id,
    durationMs: 1,
    outputBytes: 0,
    completedBy: 'program',
    inferred: false,
    success: true,
    status: 'completed',
  };
}
