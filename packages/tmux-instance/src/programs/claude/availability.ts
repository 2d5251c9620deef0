import { InstanceError } from '@ccb/instance-interface';
import { anySignal } from '@ccb/instance-interface/abstract';
import type { Surroundings } from '../program.ts';
import { Prompt } from '../prompt.ts';
import { readTurn, writeTurn } from './turn-record.ts';

/** Whether Claude Code awaits a prompt, and if not, whose turn it is in. */
export class Availability {
  readonly #surroundings: Surroundings;
  readonly #prompt = new Prompt();
  #person = false;
  #other = false;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
  }

  /** A turn of an earlier host's runs. */
  get isAmidOther(): boolean {
    return this.#other;
  }

  /** What happened meanwhile is told afterwards. */
  reattached(): void {
    this.#other = readTurn(this.#surroundings.state) !== undefined;
    if (!this.#other) this.#prompt.arrived();
  }

  /** It awaits a prompt. */
  free(): void {
    this.#other = false;
    writeTurn(this.#surroundings.state, undefined);
    this.#setPerson(false);
    this.#prompt.arrived();
  }

  taken(commandId: string): void {
    writeTurn(this.#surroundings.state, commandId);
    this.#prompt.left();
  }

  /** A prompt that nobody here sent. */
  personAsks(): void {
    if (this.#other) return;
    this.#prompt.left();
    this.#setPerson(true);
  }

  gone(): void {
    this.#other = false;
    this.#prompt.left();
    this.#setPerson(false);
  }

  when(signal: AbortSignal): Promise<void> {
    return this.#prompt.when(signal);
  }

  /** @throws {InstanceError} CCB_BUSY where commands are refused while a person's turn runs */
  async forCommand(signal: AbortSignal): Promise<void> {
    const { whileTyping, name } = this.#surroundings;
    if (this.#person && whileTyping === 'refuse') {
      const message = `${name}: a person talks to it in its tmux pane. Send the command again later, or create it with takeover: 'wait'.`;
      throw new InstanceError('CCB_BUSY', message, { instance: name, retryable: true });
    }
    await this.#prompt.when(anySignal(signal));
  }

  #setPerson(active: boolean): void {
    if (this.#person === active) return;
    this.#person = active;
    this.#surroundings.takeover(active);
  }
}
