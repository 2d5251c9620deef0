import { InstanceError } from '../../error.ts';
import type { InstanceState, StateChange } from '../../state.ts';
import { transitions } from './transitions.ts';

type Listener = (change: StateChange) => void;

/** The one door for state. */
export class StateMachine {
  readonly #instance: string;
  readonly #onListenerError: (error: unknown) => void;
  readonly #listeners = new Set<Listener>();
  readonly #undelivered: StateChange[] = [];
  #delivering = false;
  #state: InstanceState = 'stopped';
  #last: StateChange | undefined;

  constructor(instance: string, onListenerError: (error: unknown) => void) {
    this.#instance = instance;
    this.#onListenerError = onListenerError;
  }

  get state(): InstanceState {
    return this.#state;
  }

  /** The last move; undefined before the first. */
  get last(): StateChange | undefined {
    return this.#last;
  }

  /** @throws {InstanceError} CCB_INVALID_STATE when the table of moves has no such move */
  to(next: InstanceState, reason: string, error?: InstanceError): void {
    const from = this.#state;
    if (!transitions[from].includes(next)) {
      throw new InstanceError('CCB_INVALID_STATE', `${this.#instance}: ${from} cannot become ${next} (${reason}).`, {
        instance: this.#instance,
      });
    }
    this.#state = next;
    const change: StateChange = { from, to: next, at: new Date().toISOString(), reason, ...(error && { error }) };
    this.#last = change;
    this.#undelivered.push(change);
    this.#deliver();
  }

  onChange(listener: Listener): () => void {
    // The same function may be registered twice, each with its own undo.
    const own: Listener = (change) => listener(change);
    this.#listeners.add(own);
    return () => {
      this.#listeners.delete(own);
    };
  }

  /** A move made by a listener is delivered after the one that it was told of, to everybody. */
  #deliver(): void {
    if (this.#delivering) return;
    this.#delivering = true;
    for (let change = this.#undelivered.shift(); change !== undefined; change = this.#undelivered.shift()) {
      for (const listener of [...this.#listeners]) {
        if (!this.#listeners.has(listener)) continue;
        try {
          listener(change);
        } catch (error) {
          this.#onListenerError(error);
        }
      }
    }
    this.#delivering = false;
  }
}
