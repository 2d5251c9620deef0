import { InstanceError } from '@ccb/instance-interface';
import { anySignal } from '@ccb/instance-interface/abstract';
import type { Surroundings } from '../program.ts';

/** A person at the keyboard of a shell that we type into as well. */
export class Typing {
  readonly #surroundings: Surroundings;
  /** When the last prompt came, in ms since the epoch. */
  #promptAt = Date.now();
  /** Something has appeared at the prompt that nobody here typed: when that came. */
  #since: number | undefined;
  #active = false;
  #over = new AbortController();

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
  }

  /** Something appeared at the prompt. */
  seen(): void {
    if (this.#since !== undefined) return;
    // On a busy machine what was typed is seen long after the key was pressed.
    this.#since = this.#promptAt;
    // So that listeners hear of it before a command has to wait.
    void this.#isPerson();
  }

  /** A command was run that nobody here sent. */
  ran(): void {
    this.#since ??= this.#promptAt;
    this.#to(true);
  }

  /** A fresh prompt is there, or the shell is gone. */
  over(): void {
    this.#promptAt = Date.now();
    this.#since = undefined;
    this.#to(false);
    this.#over.abort();
    this.#over = new AbortController();
  }

  /** @param atPrompt the shell awaits a command @throws {InstanceError} CCB_BUSY where commands are refused while a person's runs */
  assertFree(atPrompt: boolean): void {
    if (!atPrompt && this.#active && this.#surroundings.whileTyping === 'refuse') throw this.#busy();
  }

  /**
   * Resolves when a command may be typed.
   * @param discard gives a half-typed line up, and resolves at the prompt that follows
   * @throws {InstanceError} CCB_BUSY where commands are refused while a person types
   */
  async mayType(signal: AbortSignal, discard: () => Promise<void>): Promise<void> {
    while (await this.#isPerson()) {
      const { whileTyping } = this.#surroundings;
      if (whileTyping === 'refuse') throw this.#busy();
      if (whileTyping === 'ignore' || (await this.#leftBy(signal))) await discard();
    }
  }

  #busy(): InstanceError {
    const { name } = this.#surroundings;
    const message = `${name}: a person types in its tmux pane. Send the command again later, or create it with takeover: 'wait'.`;
    return new InstanceError('CCB_BUSY', message, { instance: name, retryable: true });
  }

  /** @returns true when the person has gone and left the line half-typed, false when there is a fresh prompt */
  async #leftBy(signal: AbortSignal): Promise<boolean> {
    const over = this.#over.signal;
    try {
      await this.#surroundings.whenDetached(anySignal(signal, over));
      return true;
    } catch {
      signal.throwIfAborted();
      return false;
    }
  }

  async #isPerson(): Promise<boolean> {
    const since = this.#since;
    if (since === undefined) return false;
    if (this.#active) return true;
    const typed = await this.#surroundings.personTypedSince(since);
    if (this.#since !== since) return this.#isPerson();
    // What a child in the background writes is no person.
    if (typed) this.#to(true);
    else this.#since = undefined;
    return typed;
  }

  #to(active: boolean): void {
    if (this.#active === active) return;
    this.#active = active;
    this.#surroundings.takeover(active);
  }
}
