import type { Carrier } from './carrier.ts';

/** Text is written in pieces of this many characters, however much is sent in one tick. */
const BATCH_CHARACTERS = 64 * 1024;

/** What was sent in one tick: one string, one write, one promise. */
class Batch {
  text = '';
  readonly taken: Promise<boolean>;
  settle!: (taken: boolean) => void;

  constructor() {
    this.taken = new Promise((resolve) => {
      this.settle = resolve;
    });
  }
}

/** Lines on their way to the carrier, in the order of the calls. */
export class Outbox {
  readonly #carrier: Carrier;
  readonly #isUp: () => boolean;
  readonly #underway = new Set<Batch>();
  #batch: Batch | undefined;
  #onIdle: (() => void) | undefined;

  constructor(carrier: Carrier, isUp: () => boolean) {
    this.#carrier = carrier;
    this.#isUp = isUp;
  }

  send(line: string): Promise<boolean> {
    if (!this.#isUp()) return Promise.resolve(false);
    let batch = this.#batch;
    if (!batch) {
      batch = this.#batch = new Batch();
      process.nextTick(() => this.#flush());
    }
    batch.text += line;
    if (batch.text.length >= BATCH_CHARACTERS) this.#flush();
    return batch.taken;
  }

  write(lines: Uint8Array): 'sent' | 'queued' | 'down' {
    this.#flush();
    if (!this.#isUp()) return 'down';
    return this.#carrier.write(lines, false);
  }

  /** Resolves when nothing is on its way any more, one way or the other. */
  flushed(): Promise<void> {
    this.#flush();
    if (!this.#carrier.isPending) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onIdle = resolve;
    });
  }

  drained(): void {
    this.#onIdle?.();
  }

  /** The peer is gone: nothing that was meant for it reaches another. */
  drop(): void {
    this.#batch?.settle(false);
    this.#batch = undefined;
    for (const batch of this.#underway) batch.settle(false);
    this.#underway.clear();
    this.#onIdle?.();
  }

  #flush(): void {
    const batch = this.#batch;
    if (!batch) return;
    this.#batch = undefined;
    const outcome = this.#carrier.write(Buffer.from(batch.text), true, (taken) => {
      this.#underway.delete(batch);
      batch.settle(taken);
    });
    batch.text = '';
    if (outcome === 'queued') this.#underway.add(batch);
    else batch.settle(outcome === 'sent');
  }
}
