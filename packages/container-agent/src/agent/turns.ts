import type { RunEnd, StallOptions } from '@ccb/instance-interface';
import type { Journal } from '../journal/journal.ts';
import type { CancelReason, CommandFrame, ControlFrame, PermissionFrame } from '../protocol/frames.ts';
import { timestamp } from './clock.ts';
import { digestOf } from './digest.ts';
import type { Flow } from './flow.ts';
import type { AgentLog } from './log.ts';
import type { Outbox } from './outbox.ts';
import { Refusal } from './refusal.ts';
import { keepHeapSmall } from './small-heap.ts';
import { StallWatch } from './stall-watch.ts';
import type { Supervisor } from './supervisor.ts';
import { RunningTurn } from './turn.ts';
import { cancelVerdict, diskFullVerdict, stoppedVerdict } from './verdict.ts';

const MAX_QUEUE = 1_000;
/** ms that the program has to obey an interrupt, then SIGTERM, before the next harder means. */
const INTERRUPT_GRACE_MS = 10_000;
const TERMINATE_GRACE_MS = 2_000;

interface Waiting {
  readonly frame: CommandFrame;
  readonly digest: string;
  readonly deadline: NodeJS.Timeout | undefined;
}

export interface TurnsParts {
  readonly journal: Journal;
  readonly outbox: Outbox;
  readonly supervisor: Supervisor;
  readonly flow: Flow;
  readonly log: AgentLog;
  readonly stall?: StallOptions | undefined;
  /** A command that was taken will not begin, or its end cannot be journaled: to whoever is connected then. */
  refuse(id: string, refusal: Refusal): void;
  /** To the holder, if there is one. */
  tell(frame: ControlFrame): void;
}

/** The commands of one agent: one runs, the others wait in order; each begins at most once. */
export class Turns {
  readonly #parts: TurnsParts;
  readonly #queue: Waiting[] = [];
  readonly #stall: StallWatch;
  #current: RunningTurn | undefined;
  #deadline: NodeJS.Timeout | undefined;
  #escalation: NodeJS.Timeout | undefined;
  #waking = false;
  #stopped = false;
  #spawns = 0;
  #settled: (() => void)[] = [];

  constructor(parts: TurnsParts) {
    this.#parts = parts;
    this.#stall = new StallWatch({
      ...parts,
      options: parts.stall ?? {},
      end: (turn, verdict) => {
        turn.judge(verdict);
        this.#end();
      },
    });
  }

  get current(): RunningTurn | undefined {
    return this.#current;
  }

  /**
   * Takes a command. One that was seen before is not run again: the caller replays it.
   * @returns where a known command began
   * @throws {Refusal} CCB_ID_CONFLICT, CCB_BUSY, CCB_STOPPED
   */
  submit(frame: CommandFrame): { readonly beginSeq: number } | undefined {
    const digest = digestOf(frame.text);
    const known = this.#parts.journal.lookup(frame.id);
    const waiting = this.#queue.find((entry) => entry.frame.id === frame.id);
    const other = known?.digest ?? waiting?.digest;
    if (other !== undefined && other !== digest) {
      throw new Refusal('CCB_ID_CONFLICT', `command id ${frame.id} was used with another text; choose a new id`);
    }
    if (known !== undefined) return known;
    if (waiting !== undefined) return undefined;
    if (this.#stopped) throw new Refusal('CCB_STOPPED', 'the agent is stopping; start the instance again', true);
    if (this.#queue.length >= MAX_QUEUE) throw new Refusal('CCB_BUSY', `${MAX_QUEUE} commands wait already`, true);
    const deadline =
      frame.timeoutMs === undefined
        ? undefined
        : setTimeout(() => this.cancel(frame.id, 'timeout'), Math.min(frame.timeoutMs, 2 ** 31 - 1));
    this.#queue.push({ frame, digest, deadline });
    this.#pump();
    return undefined;
  }

  isWaiting(id: string): boolean {
    return this.#queue.some((entry) => entry.frame.id === id);
  }

  cancel(id: string, reason: CancelReason): void {
    const index = this.#queue.findIndex((entry) => entry.frame.id === id);
    if (index >= 0) {
      const { code, message } = cancelVerdict(reason);
      this.#refuse(this.#queue.splice(index, 1), new Refusal(code, `${message} before it began`));
    } else if (this.#current?.id === id) {
      this.#current.judge(cancelVerdict(reason));
      this.#end();
    }
  }

  /** Somebody decided what the running command's program had asked. */
  answer(frame: PermissionFrame): void {
    const { id, requestId } = frame;
    if (this.#current?.id === id) this.#current.questions.answer(frame);
    else this.#parts.log('info', 'permission.too_late', { id, requestId });
  }

  /** Ends what runs as cancelled. Resolves with its id once its end is journaled; undefined when nothing ran. */
  async interrupt(): Promise<string | undefined> {
    const turn = this.#current;
    if (turn === undefined) return undefined;
    this.cancel(turn.id, 'cancelled');
    await this.#whenSettled();
    return turn.id;
  }

  /** The journal could not take the running command's output. */
  diskFull(): void {
    const turn = this.#current;
    if (turn === undefined) return;
    // First: what the verdict ends cannot be journaled either.
    turn.mute();
    turn.judge(diskFullVerdict);
    this.#parts.flow.discarding(true);
    this.#end();
  }

  /** Refuses what waits, and ends what runs by ending the program. */
  async stop(graceMs: number): Promise<void> {
    this.#stopped = true;
    this.#stall.close();
    const refusal = new Refusal('CCB_STOPPED', 'the instance was stopped before the command began', true);
    this.#refuse(this.#queue.splice(0), refusal);
    const settled = this.#current === undefined ? undefined : this.#whenSettled();
    this.#current?.judge(stoppedVerdict);
    await this.#parts.supervisor.stop(graceMs);
    await settled;
  }

  #pump(): void {
    if (this.#current !== undefined || this.#waking || this.#queue.length === 0) return;
    const ready = this.#parts.supervisor.ready();
    if (ready === true) {
      this.#begin();
      return;
    }
    this.#waking = true;
    ready.then(
      () => {
        this.#waking = false;
        this.#pump();
      },
      (error: unknown) => {
        this.#waking = false;
        // All of them: each would wait for the next try in vain, one after the other.
        this.#refuse(this.#queue.splice(0), Refusal.of(error, 'CCB_PROGRAM_EXITED', 'the program does not start'));
      },
    );
  }

  #begin(): void {
    const { journal, outbox, supervisor } = this.#parts;
    const entry = this.#queue.shift() as Waiting;
    const { frame } = entry;
    void keepHeapSmall();
    try {
      if (!journal.healthy && !journal.restoreReserve()) throw Refusal.diskFull();
      outbox.begin(frame.id, entry.digest, frame.text);
    } catch (error) {
      this.#refuse([entry], Refusal.of(error, 'CCB_DISK_FULL', 'the command could not be journaled'));
      this.#pump();
      return;
    }
    const { id, text, stderr = 'separate', permission = 'deny' } = frame;
    const turn = new RunningTurn({ id, text, stderr, permission }, timestamp(), outbox, this.#parts);
    this.#current = turn;
    this.#deadline = entry.deadline;
    if (this.#spawns > 0 && this.#spawns !== supervisor.spawns) {
      turn.update({
        type: 'status',
        status: 'restarted',
        message: 'the program was started again before this command',
      });
    }
    this.#stall.begin(turn);
    void this.#run(turn);
  }

  async #run(turn: RunningTurn): Promise<void> {
    let end: RunEnd;
    try {
      end = await this.#parts.supervisor.driver.run(turn);
    } catch (error) {
      end = failedRun(error);
    }
    this.#finish(turn, end);
  }

  #finish(turn: RunningTurn, end: RunEnd): void {
    const { outbox, supervisor, flow } = this.#parts;
    clearTimeout(this.#deadline);
    clearTimeout(this.#escalation);
    this.#escalation = undefined;
    this.#stall.end();
    this.#spawns = supervisor.spawns;
    outbox.end(turn.id, turn.close(end));
    flow.discarding(false);
    this.#current = undefined;
    if (this.#settled.length > 0) outbox.commit();
    for (const settled of this.#settled.splice(0)) settled();
    this.#pump();
  }

  /** Interrupt, then SIGTERM, then SIGKILL of the group: the driver's run settles at the latest with the last. */
  #end(): void {
    if (this.#escalation !== undefined) return;
    const { driver } = this.#parts.supervisor;
    driver.interrupt();
    this.#escalation = setTimeout(() => {
      driver.signal('SIGTERM');
      this.#escalation = setTimeout(() => driver.signal('SIGKILL'), TERMINATE_GRACE_MS);
    }, INTERRUPT_GRACE_MS);
  }

  #refuse(entries: readonly Waiting[], refusal: Refusal): void {
    for (const { frame, deadline } of entries) {
      clearTimeout(deadline);
      this.#parts.log('warn', 'command.refused', { id: frame.id, code: refusal.code, reason: refusal.message });
      this.#parts.refuse(frame.id, refusal);
    }
  }

  #whenSettled(): Promise<void> {
    return new Promise((resolve) => this.#settled.push(resolve));
  }
}

function failedRun(error: unknown): RunEnd {
  const message = error instanceof Error ? error.message : String(error);
  return { success: false, completedBy: 'exit', error: { code: 'CCB_PROGRAM_EXITED', message, retryable: true } };
}
