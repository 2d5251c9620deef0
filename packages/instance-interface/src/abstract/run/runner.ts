import { InstanceError, type InstanceErrorCode } from '../../error.ts';
import type { Answer } from '../answer/answer.ts';
import type { Call, Command } from '../call.ts';
import { askedFor, type CancelReason, cancelledResult } from '../commands/results.ts';
import type { Turn } from '../commands/turn.ts';
import type { Deadline, Deadlines } from '../lifecycle/deadlines.ts';
import { untilAborted } from '../lifecycle/wait.ts';
import { type Recording, Recordings } from './recordings.ts';
import { Run, type RunGenerator } from './run.ts';
import { Stamp } from './stamp.ts';

/** How long `_interrupt` may take to work. */
const interruptGraceMs = 10_000;
/** How long `_run` may take to notice that its signal aborted. */
const abandonGraceMs = 5_000;

/** What the runner needs of its instance. */
export interface RunnerHost {
  readonly name: string;
  readonly deadlines: Deadlines;
  readonly canInterrupt: boolean;
  run(command: Command): RunGenerator;
  interrupt(command: Command, call: Call): Promise<void>;
  warn(event: string, fields: Readonly<Record<string, unknown>>): void;
}

/** How commands run where no agent keeps them: by the backend's generator, remembered while this handle lives. */
export class Runner {
  readonly #host: RunnerHost;
  readonly #recordings = new Recordings();
  readonly #stamp = new Stamp();
  /** Runs whose generator has not returned, by command id; more than one only while an old one is stuck. */
  readonly #runs = new Map<string, Run>();

  constructor(host: RunnerHost) {
    this.#host = host;
  }

  dispatch(turn: Turn): void {
    const known = this.#recordings.get(turn.id);
    if (known !== undefined) this.#replay(known, turn);
    else if (this.#runs.size === 0) this.#begin(turn);
    else void this.#beginAfterTheOthers(turn);
  }

  resume(answer: Answer): void {
    const known = this.#recordings.get(answer.id);
    if (known !== undefined) {
      this.#recordings.replay(known, answer);
      return;
    }
    answer.fail(this.#error('CCB_NOT_FOUND', `this handle remembers no command ${answer.id}.`));
  }

  /** Interrupts the run of that id; resolves when the command has ended or was given up. */
  cancel(answer: Answer, reason: CancelReason): Promise<void> {
    const run = this.#runs.get(answer.id);
    if (run === undefined || run.finished) {
      this.#endUnbegun(answer, reason);
      return Promise.resolve();
    }
    run.markCancelled(reason);
    const { deadlines, canInterrupt, warn } = this.#host;
    return new Promise((resolve) => {
      let deadline: Deadline | undefined;
      const release = (): void => {
        deadlines.remove(deadline);
        resolve();
      };
      const giveUp = (why: string): void => {
        run.giveUp(why);
        release();
      };
      const escalate = (why: string): void => {
        deadlines.remove(deadline);
        if (run.finished) return;
        warn('command.cancel_escalated', { commandId: answer.id, why });
        run.turn.abandon(this.#error('CCB_ABORTED', `command ${answer.id} is given up: ${why}.`));
        deadline = deadlines.add(abandonGraceMs, () => giveUp(`${why}, and it ignores that it was given up`), true);
      };
      run.through.then(release);
      if (!canInterrupt) {
        escalate('it cannot be interrupted');
        return;
      }
      deadline = deadlines.add(interruptGraceMs, () => escalate('it ignored the interrupt'), true);
      this.#interrupt(run).catch((error: unknown) => {
        escalate(`interrupting it failed: ${error instanceof Error ? error.message : String(error)}`);
      });
    });
  }

  /** Resolves when no generator is left, at the latest when the signal aborts. */
  async idle(signal: AbortSignal): Promise<void> {
    const all = Promise.all([...this.#runs.values()].map((run) => run.through));
    await untilAborted(all, signal).catch(() => {});
  }

  #begin(turn: Turn): void {
    const run = new Run(turn, this.#recordings, this.#stamp, () => this.#runs.delete(turn.id));
    this.#runs.set(turn.id, run);
    run.through = run.drive((command) => this.#host.run(command));
  }

  /** A generator that still unwinds would meet its successor in the backend's fields. */
  async #beginAfterTheOthers(turn: Turn): Promise<void> {
    const { deadlines, warn } = this.#host;
    const controller = new AbortController();
    const deadline = deadlines.add(abandonGraceMs, () => controller.abort(), true);
    await this.idle(controller.signal);
    deadlines.remove(deadline);
    if (this.#runs.size > 0) warn('command.overlaps', { commandId: turn.id, stuck: [...this.#runs.keys()] });
    if (!turn.settled) this.#begin(turn);
  }

  #replay(known: Recording, turn: Turn): void {
    if (this.#recordings.isSame(known, turn.text)) {
      this.#recordings.replay(known, turn);
      return;
    }
    const message = `the command id ${turn.id} was used for another text. Use a new id, or send the same text.`;
    turn.fail(this.#error('CCB_ID_CONFLICT', message));
  }

  #endUnbegun(answer: Answer, reason: CancelReason): void {
    const measured = { id: answer.id, durationMs: 0, outputBytes: 0 };
    answer.end(
      cancelledResult(reason, measured, `The command ${askedFor(reason)} before it began.`),
      this.#stamp.next(),
    );
  }

  async #interrupt(run: Run): Promise<void> {
    const controller = new AbortController();
    run.through.then(() => controller.abort());
    const deadline = this.#host.deadlines.add(interruptGraceMs, () => controller.abort(), true);
    try {
      await this.#host.interrupt(run.command, { signal: controller.signal });
    } finally {
      this.#host.deadlines.remove(deadline);
    }
  }

  #error(code: InstanceErrorCode, message: string): InstanceError {
    const { name } = this.#host;
    return new InstanceError(code, `${name}: ${message}`, { instance: name });
  }
}
