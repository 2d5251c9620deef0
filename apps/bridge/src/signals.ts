import { EXIT } from './exit-code.ts';

const LEAVING = [
  ['SIGINT', EXIT.interrupted],
  ['SIGTERM', EXIT.terminated],
  ['SIGHUP', EXIT.hangup],
] as const;

/** Why ccb is on its way out. */
export class Leaving extends Error {
  override readonly name = 'Leaving';
  readonly exitCode: number;

  constructor(signal: string, exitCode: number) {
    super(`ccb got ${signal} and leaves.`);
    this.exitCode = exitCode;
  }
}

/**
 * SIGINT goes to the running command first; where none runs, or it got one already, it means to leave, as SIGTERM and
 * SIGHUP always do. Leaving is an abort: every wait ends and the way out cleans up. A signal during that ends ccb at once.
 */
export class Signals {
  readonly #leaving = new AbortController();
  readonly #undo: (() => void)[] = [];
  #interrupt: (() => void) | undefined;

  constructor() {
    for (const [signal, exitCode] of LEAVING) {
      const listener = (): void => this.#receive(signal, exitCode);
      process.on(signal, listener);
      this.#undo.push(() => process.off(signal, listener));
    }
  }

  /** Aborted with a {@link Leaving}. */
  get leaving(): AbortSignal {
    return this.#leaving.signal;
  }

  /** Until `release()` the first SIGINT calls `interrupt`, once. */
  duringCommand(interrupt: () => void): { release(): void } {
    this.#interrupt = interrupt;
    return {
      release: () => {
        this.#interrupt = undefined;
      },
    };
  }

  dispose(): void {
    for (const undo of this.#undo.splice(0)) undo();
  }

  #receive(signal: string, exitCode: number): void {
    const interrupt = this.#interrupt;
    if (signal === 'SIGINT' && interrupt !== undefined) {
      this.#interrupt = undefined;
      interrupt();
    } else if (this.#leaving.signal.aborted) {
      process.exit(exitCode);
    } else {
      this.#leaving.abort(new Leaving(signal, exitCode));
    }
  }
}
