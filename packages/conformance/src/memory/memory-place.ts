import { type CommandError, InstanceError, type InstanceInfo, type InstanceRecord } from '@ccb/instance-interface';
import type { Answer } from '@ccb/instance-interface/abstract';
import { MemoryJournal } from './memory-journal.ts';
import { MemoryProgram } from './memory-program.ts';
import { deliver, MemoryTurn, type TurnHost } from './memory-turn.ts';
import { MemoryWire } from './memory-wire.ts';

/** ms until a background child writes. */
const laterMs = 20;

/** A handle on a place. */
export interface Visitor {
  readonly name: string;
  /** The place moved by itself, or by another handle's doing. */
  told(to: 'running' | 'unreachable' | 'stopped' | 'failed', reason: string, error?: InstanceError): void;
}

/** Where an instance lives: its program, its journal, who holds it. Handles come and go. */
export class MemoryPlace implements TurnHost {
  readonly record: InstanceRecord;
  readonly wire: MemoryWire = new MemoryWire();
  readonly journal: MemoryJournal = this.makeJournal();
  readonly visitors: Set<Visitor> = new Set();
  readonly timers: Set<NodeJS.Timeout> = new Set();
  holder: Visitor | undefined;
  readonly #waiting: MemoryTurn[] = [];
  #program: MemoryProgram | undefined;
  #conversation: readonly string[] = [];
  #turn: MemoryTurn | undefined;

  constructor(record: InstanceRecord) {
    this.record = record;
  }

  protected makeJournal(): MemoryJournal {
    return new MemoryJournal();
  }

  protected makeProgram(conversation: readonly string[]): MemoryProgram {
    return new MemoryProgram(conversation);
  }

  protected makeTurn(answer: Answer): MemoryTurn {
    return new MemoryTurn(answer, this);
  }

  get isUp(): boolean {
    return this.#program !== undefined;
  }

  /** The command that runs, whoever sent it. */
  get command(): InstanceInfo['command'] {
    return this.#turn?.info;
  }

  boot(): void {
    this.#program ??= this.makeProgram(this.#conversation);
  }

  /** Runs a new command; one that began before is replayed. */
  submit(answer: Answer): void {
    const known = this.#find(answer.id)?.text ?? this.journal.textOf(answer.id);
    if (known === undefined) this.enqueue(answer);
    else if (known === answer.text) this.replay(answer);
    else answer.fail(this.#error('CCB_ID_CONFLICT', `the command id ${answer.id} was used for another text.`));
  }

  /** Gives what is known of a command, and what is still to come. */
  replay(answer: Answer): void {
    const turn = this.#find(answer.id);
    try {
      if (turn !== undefined) turn.follow(answer);
      else if (this.journal.textOf(answer.id) === undefined) {
        answer.fail(this.#error('CCB_NOT_FOUND', `it knows no command ${answer.id}.`));
      } else {
        for (const line of this.journal.linesOf(answer.id, answer.after)) deliver(line, answer);
        const result = this.journal.resultOf(answer.id);
        const at = new Date().toISOString();
        // After the last event there is nothing to read, and still a result.
        if (result !== undefined) answer.end(result, { cursor: answer.after ?? '', at, seq: 1 });
      }
    } catch (error) {
      answer.fail(error as InstanceError);
    }
  }

  cancel(id: string, reason: 'cancelled' | 'timeout'): void {
    this.#find(id)?.cancel(reason);
  }

  /** Ends what runs, and sees its end. @returns false when nothing ran */
  async interrupt(): Promise<boolean> {
    const turn = this.#turn;
    turn?.cancel('cancelled');
    await turn?.over;
    return turn !== undefined;
  }

  /** Ends the program and everything that runs. Works on a frozen place too. */
  shutdown(by: Visitor): void {
    for (const visitor of this.visitors) if (visitor !== by) visitor.told('stopped', 'it was stopped');
    this.#end({ code: 'CCB_STOPPED', message: 'The instance was stopped.', retryable: true });
  }

  killProgram(): void {
    this.#conversation = this.#program?.conversation ?? [];
    if (this.#program !== undefined) this.#program = this.makeProgram(this.#conversation);
    this.#turn?.emit({ type: 'status', status: 'restarted', message: 'The program was killed.' });
    const error = { code: 'CCB_PROGRAM_EXITED', message: 'The program was killed.', retryable: false };
    this.#turn?.end({ success: false, error });
  }

  killAgent(): void {
    for (const visitor of this.visitors) visitor.told('unreachable', 'the agent is gone');
    this.#end({ code: 'CCB_AGENT_LOST', message: 'The agent died under the command.', retryable: false });
    this.boot();
    for (const visitor of this.visitors) visitor.told('running', 'a new agent answers');
  }

  die(): void {
    const error = this.#error(
      'CCB_BACKEND_UNREACHABLE',
      'the place it lived in is gone. start() makes it again.',
      true,
    );
    for (const visitor of this.visitors) visitor.told('failed', 'the place is gone', error);
    this.#end({ code: 'CCB_AGENT_LOST', message: 'The place died under the command.', retryable: false });
  }

  later(task: () => void): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      task();
    }, laterMs);
    this.timers.add(timer);
  }

  ended(turn: MemoryTurn): void {
    const index = this.#waiting.indexOf(turn);
    if (index !== -1) this.#waiting.splice(index, 1);
    if (this.#turn !== turn) return;
    this.#turn = undefined;
    this.#next();
  }

  protected enqueue(answer: Answer): void {
    const { id, remainingMs } = answer;
    const turn = this.makeTurn(answer);
    turn.follow(answer);
    this.#waiting.push(turn);
    if (remainingMs !== undefined) this.holdDeadline(id, turn, remainingMs);
    this.#next();
  }

  /** The place keeps it by itself: the host may be gone by then. */
  protected holdDeadline(id: string, turn: MemoryTurn, ms: number): void {
    const timer = setTimeout(() => this.cancel(id, 'timeout'), ms);
    this.timers.add(timer);
    turn.over.then(() => {
      clearTimeout(timer);
      this.timers.delete(timer);
    });
  }

  #find(id: string): MemoryTurn | undefined {
    return this.#turn?.id === id ? this.#turn : this.#waiting.find((turn) => turn.id === id);
  }

  #next(): void {
    if (this.#turn !== undefined || this.#program === undefined) return;
    this.#turn = this.#waiting.shift();
    if (this.#turn !== undefined) void this.#run(this.#turn, this.#program);
  }

  async #run(turn: MemoryTurn, program: MemoryProgram): Promise<void> {
    turn.begin();
    turn.exited(await program.run(turn.text, turn));
  }

  #end(error: CommandError): void {
    this.#conversation = this.#program?.conversation ?? this.#conversation;
    this.#program = undefined;
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
    this.wire.thaw();
    for (const turn of [...this.#waiting, ...(this.#turn === undefined ? [] : [this.#turn])]) {
      turn.end({ success: false, error });
    }
  }

  #error(code: string, message: string, retryable = false): InstanceError {
    const { name } = this.record;
    return new InstanceError(code, `${name}: ${message}`, { instance: name, retryable });
  }
}
