import type {
  CommandError,
  CommandEvent,
  CommandResult,
  CommandUpdate,
  InstanceInfo,
  PermissionAnswer,
  PermissionRequest,
  ResultBase,
} from '@ccb/instance-interface';
import { type Answer, answerByPolicy, optionOf, type PermissionDecision } from '@ccb/instance-interface/abstract';
import type { Line, MemoryJournal } from './memory-journal.ts';
import { type ProgramWorld, whenAborted } from './memory-program.ts';
import type { MemoryWire } from './memory-wire.ts';

/** What a turn needs of its place. */
export interface TurnHost {
  readonly journal: MemoryJournal;
  readonly wire: MemoryWire;
  /** Calls it a little later, unless the place has ended. */
  later(task: () => void): void;
  ended(turn: MemoryTurn): void;
}

/** One command in its place. It goes on whoever follows it. */
export class MemoryTurn implements ProgramWorld {
  readonly id: string;
  readonly text: string;
  readonly #merge: boolean;
  readonly #host: TurnHost;
  readonly #interruption = new AbortController();
  readonly #interrupted: Promise<void> = whenAborted(this.#interruption.signal);
  readonly #followers = new Set<Answer>();
  readonly #questions = new Set<(answer: Answer) => void>();
  /** Of whoever came last: it holds though nobody is here. */
  #permission: Answer['permission'] = 'deny';
  /** Resolves at its end. */
  readonly over: Promise<void>;
  #markOver: () => void = () => {};
  #cancelled: 'cancelled' | 'timeout' | undefined;
  #beganAt: number | undefined;
  #startedAt = '';
  #bytes = 0;
  #complaints = '';
  #ended = false;

  constructor(command: Pick<Answer, 'id' | 'text' | 'stderr'>, host: TurnHost) {
    this.id = command.id;
    this.text = command.text;
    this.#merge = command.stderr === 'merge';
    this.#host = host;
    this.over = new Promise((resolve) => {
      this.#markOver = resolve;
    });
  }

  get interrupted(): AbortSignal {
    return this.#interruption.signal;
  }

  /** As `getInfo()` tells it. */
  get info(): NonNullable<InstanceInfo['command']> {
    const asking = this.#questions.size > 0;
    return { id: this.id, startedAt: this.#startedAt, ...(asking && { waitingFor: 'permission' }) };
  }

  /** It goes to this one too, from the journal on. */
  follow(answer: Answer): void {
    for (const line of this.#host.journal.linesOf(this.id, answer.after)) deliver(line, answer);
    this.#followers.add(answer);
    this.#permission = answer.permission;
    for (const ask of this.#questions) ask(answer);
  }

  begin(): void {
    this.#beganAt = performance.now();
    this.#startedAt = this.#host.journal.append(this.id, { type: 'command', text: this.text }).entry.at;
  }

  async write(stream: 'stdout' | 'stderr', text: string): Promise<void> {
    if (this.#ended) return;
    if (stream === 'stdout' || this.#merge) this.#bytes += Buffer.byteLength(text);
    else this.#complaints += text;
    if (text !== '') this.emit({ type: 'text', text, stream });
    await this.room();
  }

  async ask(request: PermissionRequest): Promise<PermissionAnswer> {
    this.emit({ type: 'permission_request', ...request });
    const { answer, by } = await this.decision(request);
    const optionId = optionOf(request, answer);
    const { requestId } = request;
    this.emit({ type: 'permission_resolved', requestId, ...(optionId !== undefined && { optionId }), by });
    return answer;
  }

  background(child: (write: (text: string) => void) => void): void {
    this.#host.later(() =>
      child((text) => this.#host.journal.append(this.id, { type: 'text', text, stream: 'stdout', late: true })),
    );
  }

  /** To the journal, then to whoever follows. */
  emit(update: CommandUpdate): void {
    if (this.#ended) return;
    if (update.type === 'end') this.#ended = true;
    const line = this.#host.journal.append(this.id, update);
    for (const answer of this.#followers) this.#host.wire.pass(() => deliver(line, answer));
  }

  /** Asks the program to end it. */
  cancel(reason: 'cancelled' | 'timeout'): void {
    this.#cancelled ??= reason;
    if (this.#beganAt === undefined) this.end({ success: false });
    else this.#interruption.abort();
  }

  /** What the program's end makes of it. @param status of the program */
  exited(status: number): void {
    const message = this.#complaints === '' ? `exit status ${status}` : `exit status ${status}: ${this.#complaints}`;
    const error = { code: 'CCB_COMMAND_FAILED', message, retryable: false };
    this.end(status === 0 ? { success: true, exitCode: 0 } : { success: false, exitCode: status, error });
  }

  /** Its end, once; the program may not know yet. */
  end(how: { readonly success: boolean; readonly exitCode?: number; readonly error?: CommandError }): void {
    if (this.#ended) return;
    this.emit({ type: 'end', result: this.result(how) });
    this.#interruption.abort();
    this.#markOver();
    this.#host.ended(this);
  }

  protected result(how: Parameters<MemoryTurn['end']>[0]): CommandResult {
    const { exitCode, error = { code: 'CCB_COMMAND_FAILED', message: 'it failed', retryable: false } } = how;
    const base: ResultBase = {
      id: this.id,
      durationMs: this.#beganAt === undefined ? 0 : Math.round(performance.now() - this.#beganAt),
      outputBytes: this.#bytes,
      ...(exitCode !== undefined && { exitCode }),
      completedBy: 'exit',
      inferred: false,
    };
    if (this.#cancelled === 'cancelled') {
      const cancelled = { code: 'CCB_CANCELLED', message: 'The command was cancelled.', retryable: false };
      return { ...base, completedBy: 'cancel', success: false, status: 'cancelled', error: cancelled };
    }
    if (this.#cancelled === 'timeout') {
      const late = { code: 'CCB_TIMEOUT', message: 'The command reached its deadline.', retryable: false };
      return { ...base, completedBy: 'deadline', success: false, status: 'timeout', error: late };
    }
    if (how.success) return { ...base, success: true, status: 'completed' };
    return { ...base, success: false, status: 'failed', error };
  }

  /** By policy, or by a handler: everybody who follows, now and later, is asked, and the first answer counts. */
  protected decision(request: PermissionRequest): Promise<PermissionDecision> {
    if (this.#permission !== 'ask') {
      return Promise.resolve({ answer: answerByPolicy(this.#permission, request), by: 'policy' });
    }
    return new Promise((resolve) => {
      const ask = (answer: Answer): void => {
        this.#host.wire.pass(() => void askOne(answer));
      };
      const askOne = async (answer: Answer): Promise<void> => {
        const decision = await answer.ask(request);
        // Of a handle that let go: whoever comes next is asked.
        if (answer.settled) return;
        this.#questions.delete(ask);
        resolve(decision);
      };
      this.#questions.add(ask);
      for (const answer of this.#followers) ask(answer);
      this.#interrupted.then(() => {
        this.#questions.delete(ask);
        resolve({ answer: 'cancelled', by: 'cancelled' });
      });
    });
  }

  /** Resolves when no follower is behind, or the command is to end. */
  protected async room(): Promise<void> {
    for (const answer of this.#followers) {
      if (!answer.full) continue;
      const drained = new Promise<void>((resolve) => {
        answer.onDrain = resolve;
      });
      await Promise.race([drained, this.#interrupted]);
    }
  }
}

/** Gives a line of the journal to one who reads that command. */
export function deliver({ seq, entry }: Line, answer: Answer): void {
  const { commandId: _, ...event } = entry;
  if (event.type === 'command') return;
  if (event.type === 'end') answer.end(event.result, { cursor: event.cursor, at: event.at, seq });
  else answer.push(event as CommandEvent, seq);
}
