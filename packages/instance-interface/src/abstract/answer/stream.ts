import type { CommandResult, CommandStream, ReadOptions } from '../../command.ts';
import type { CommandEvent, Cursor } from '../../event.ts';
import { brokenResult, commandErrorOf } from '../commands/results.ts';
import type { Turn } from '../commands/turn.ts';
import { assertReadOptions } from '../options.ts';
import { Reader } from './reader.ts';

/** What the caller sees of a turn. */
export class TurnStream implements CommandStream {
  readonly #turn: Turn;
  readonly #requestCancel: (turn: Turn) => void;

  constructor(turn: Turn, requestCancel: (turn: Turn) => void) {
    this.#turn = turn;
    this.#requestCancel = requestCancel;
  }

  get id(): string {
    return this.#turn.id;
  }

  get cursor(): Cursor | undefined {
    return this.#turn.buffer.cursor;
  }

  get result(): Promise<CommandResult> {
    return this.#turn.result;
  }

  text(options: ReadOptions = {}): AsyncIterable<string> {
    return this.#read<string>('text', options);
  }

  events(options: ReadOptions = {}): AsyncIterable<CommandEvent> {
    return this.#read<CommandEvent>('events', options);
  }

  [Symbol.asyncIterator](): AsyncIterator<string> {
    return this.#read<string>('text', {});
  }

  async cancel(): Promise<CommandResult> {
    this.#requestCancel(this.#turn);
    try {
      return await this.#turn.result;
    } catch (error) {
      return brokenResult(commandErrorOf(error), { id: this.#turn.id, durationMs: 0, outputBytes: 0 });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cancel();
  }

  #read<T>(kind: 'text' | 'events', options: ReadOptions): Reader<T> {
    assertReadOptions(options);
    this.#turn.buffer.claim(kind);
    return new Reader<T>(this.#turn.buffer, options, () => this.#requestCancel(this.#turn));
  }
}
