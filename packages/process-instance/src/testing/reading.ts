import type { CommandEvent, CommandStream } from '@ccb/instance-interface';

/** Reads an answer while the test does something else. */
export class Reading {
  readonly events: CommandEvent[] = [];
  readonly stream: CommandStream;
  /** Rejects where the stream does. */
  readonly done: Promise<readonly CommandEvent[]>;
  #wake: () => void = () => {};
  #over = false;

  constructor(stream: CommandStream) {
    this.stream = stream;
    this.done = this.#read();
    // Whoever waits is told.
    this.done.catch(() => {});
  }

  /** What came on stdout, until now. */
  get text(): string {
    return this.events.map((event) => (event.type === 'text' && event.stream !== 'stderr' ? event.text : '')).join('');
  }

  of<T extends CommandEvent['type']>(type: T): readonly Extract<CommandEvent, { type: T }>[] {
    return this.events.filter((event): event is Extract<CommandEvent, { type: T }> => event.type === type);
  }

  /** The messages of the statuses of this kind. */
  statuses(status: string): readonly (string | undefined)[] {
    return this.of('status').flatMap((event) => (event.status === status ? [event.message] : []));
  }

  /** Resolves when what was read holds it; rejects when the stream ends without. */
  async when(holds: (reading: this) => boolean): Promise<void> {
    while (!holds(this)) {
      if (this.#over) {
        await this.done;
        throw new Error(`the answer has ended without it: ${this.events.map(({ type }) => type).join(', ')}`);
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async #read(): Promise<readonly CommandEvent[]> {
    try {
      for await (const event of this.stream.events()) {
        this.events.push(event);
        this.#wake();
      }
      return this.events;
    } finally {
      this.#over = true;
      this.#wake();
    }
  }
}

/** Reads it to its end. */
export async function read(stream: CommandStream): Promise<Reading> {
  const reading = new Reading(stream);
  await reading.done;
  return reading;
}
