import type { CommandResult, PermissionAnswer, PermissionRequest, RunEnd } from '@ccb/instance-interface';
import type { Turn } from '../drivers/driver.ts';
import type { Outbox } from './outbox.ts';
import { type Desk, Questions } from './questions.ts';
import type { Verdict } from './verdict.ts';

const STDERR_TAIL = 2_000;

/** One begun command: its output on the way to the outbox, and the result it comes to. */
export class RunningTurn implements Turn {
  readonly id: string;
  readonly text: string;
  readonly stderr: 'separate' | 'merge';
  readonly startedAt: string;
  readonly questions: Questions;
  readonly #outbox: Outbox;
  readonly #began: number = performance.now();
  #heardAt: number = this.#began;
  #verdict: Verdict | undefined;
  #mute = false;
  #ended = false;
  #outputBytes = 0;
  #stderrTail = '';

  constructor(
    command: {
      readonly id: string;
      readonly text: string;
      readonly stderr: 'separate' | 'merge';
      readonly permission: 'deny' | 'allow' | 'ask';
    },
    startedAt: string,
    outbox: Outbox,
    desk: Desk,
  ) {
    this.id = command.id;
    this.text = command.text;
    this.stderr = command.stderr;
    this.startedAt = startedAt;
    this.#outbox = outbox;
    this.questions = new Questions(this, command.permission, outbox, desk);
  }

  get verdict(): Verdict | undefined {
    return this.#verdict;
  }

  /** When the program last gave a sign of itself, as `performance.now()`. */
  get heardAt(): number {
    return this.#heardAt;
  }

  /** The program waits for an answer. */
  get asking(): boolean {
    return this.questions.open > 0;
  }

  /** The first one stands. */
  judge(verdict: Verdict): void {
    this.#verdict ??= verdict;
    this.questions.cancel();
  }

  /** What still comes is dropped: there is no room for it. */
  mute(): void {
    this.#mute = true;
  }

  write(stream: 'stdout' | 'stderr', text: string, bytes?: string): void {
    if (this.#mute) return;
    if (!this.#ended) {
      this.#heardAt = performance.now();
      if (stream === 'stdout') this.#outputBytes += bytes === undefined ? Buffer.byteLength(text) : base64Bytes(bytes);
      else this.#stderrTail = (this.#stderrTail + text).slice(-STDERR_TAIL);
    }
    this.#outbox.text(this.id, stream, text, bytes, this.#ended);
  }

  update(update: object): void {
    this.#heardAt = performance.now();
    this.note(update);
  }

  /** What others than the program have to say of it. */
  note(update: object): void {
    if (!this.#mute && !this.#ended) this.#outbox.update(this.id, update);
  }

  ask(request: PermissionRequest): Promise<PermissionAnswer> {
    return this.questions.ask(request);
  }

  /** What the program said, unless something else ended it. */
  close(end: RunEnd): CommandResult {
    this.questions.cancel();
    this.#ended = true;
    const { exitCode, stopReason, usage } = end;
    const verdict = this.#verdict;
    // Whole literals: spreading optional fields costs a twentieth of a short command.
    const facts = {
      id: this.id,
      durationMs: Math.round(performance.now() - this.#began),
      outputBytes: this.#outputBytes,
      exitCode,
      stopReason,
      usage,
      completedBy: verdict?.completedBy ?? end.completedBy,
      inferred: verdict === undefined && (end.inferred ?? false),
    };
    if (verdict !== undefined) {
      const { status, code, message, retryable } = verdict;
      return Object.assign(facts, { success: false as const, status, error: { code, message, retryable } });
    }
    if (end.success) return Object.assign(facts, { success: true as const, status: 'completed' as const });
    const error = end.error ?? { code: 'CCB_COMMAND_FAILED', message: this.#failure(end), retryable: false };
    return Object.assign(facts, { success: false as const, status: 'failed' as const, error });
  }

  #failure(end: RunEnd): string {
    const what = end.exitCode === undefined ? 'the program reports a failure' : `exit status ${end.exitCode}`;
    const tail = this.#stderrTail.trimEnd();
    return tail === '' ? what : `${what}: ${tail}`;
  }
}

function base64Bytes(text: string): number {
  return Buffer.byteLength(text, 'base64');
}
