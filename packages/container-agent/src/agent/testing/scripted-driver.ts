import type { RunEnd } from '@ccb/instance-interface';
import type { Driver, DriverContext, Evidence, Turn } from '../../drivers/driver.ts';

export interface ScriptedTurn extends Turn {
  /** Settles the run. */
  end(end?: RunEnd): void;
  fail(error: Error): void;
}

export const success: RunEnd = { success: true, completedBy: 'program', exitCode: 0 };

/** A program without a process: it does what the test says, when the test says it, and tells what was asked of it. */
export class ScriptedDriver implements Driver {
  readonly asked: string[] = [];
  readonly turns: ScriptedTurn[] = [];
  /** How the next starts go; without one they succeed at once. */
  readonly starts: ((signal: AbortSignal) => Promise<void>)[] = [];
  /** Called at an interrupt; a program that ignores it leaves this alone. */
  onInterrupt: () => void = () => {};
  /** What it shows while it is silent. */
  evidence: () => Promise<Evidence | undefined> = async () => undefined;
  /** Of a real process that the test lends it. */
  pid: number | undefined;
  readonly #context: DriverContext;
  #spawned = 1_000;

  constructor(context: DriverContext) {
    this.#context = context;
  }

  get turn(): ScriptedTurn {
    return this.turns.at(-1) as ScriptedTurn;
  }

  async start(signal: AbortSignal): Promise<void> {
    this.asked.push('start');
    signal.throwIfAborted();
    await this.starts.shift()?.(signal);
    this.#spawned += 1;
    this.#context.spawned({ pid: this.#spawned, group: this.#spawned });
  }

  run(turn: Turn): Promise<RunEnd> {
    this.asked.push(`run ${turn.id}`);
    return new Promise((resolve, reject) => {
      this.turns.push(
        Object.assign(Object.create(turn) as Turn, {
          id: turn.id,
          text: turn.text,
          stderr: turn.stderr,
          write: turn.write.bind(turn),
          update: turn.update.bind(turn),
          ask: turn.ask.bind(turn),
          end: (end: RunEnd = success) => resolve(end),
          fail: reject,
        }),
      );
    });
  }

  /** The program is gone, as after SIGKILL: what ran ends with it. */
  die(signal: string | null = 'SIGKILL'): void {
    this.#context.exited({ pid: this.#spawned, code: null, signal });
    this.turns.at(-1)?.end({
      success: false,
      completedBy: 'exit',
      error: { code: 'CCB_PROGRAM_EXITED', message: 'it died', retryable: false },
    });
  }

  /** The program is gone, and its driver does not see that the command has gone with it. */
  vanish(): void {
    this.#context.exited({ pid: this.#spawned, code: null, signal: 'SIGKILL' });
  }

  interrupt(): void {
    this.asked.push('interrupt');
    this.onInterrupt();
  }

  signal(name: 'SIGTERM' | 'SIGKILL'): void {
    this.asked.push(name);
    if (name === 'SIGKILL') this.die();
  }

  pause(): void {
    this.asked.push('pause');
  }

  resume(): void {
    this.asked.push('resume');
  }

  async stop(graceMs: number): Promise<void> {
    this.asked.push(`stop ${graceMs}`);
    this.die('SIGTERM');
  }
}
