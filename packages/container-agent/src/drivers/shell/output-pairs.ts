import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { makeFifo } from '@ccb/named-pipe/fifo';
import { OutputPair, pairPaths } from './output-pair.ts';

/** One pair for the command that runs, and one for each earlier command whose background children still hold theirs. */
export class OutputPairs {
  readonly #directory: string;
  readonly #names: string[] = [];
  readonly #open: Set<OutputPair> = new Set<OutputPair>();
  readonly #free: OutputPair[] = [];
  readonly #unopened: string[] = [];
  #paused = false;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Sees to it that one is free. */
  async prepare(): Promise<void> {
    if (this.#free.length + this.#unopened.length === 0) this.#free.push(await this.make());
  }

  /** A free pair, at once; undefined: `make` one. */
  take(): OutputPair | undefined {
    const free = this.#free.pop();
    if (free) return free;
    const name = this.#unopened.pop();
    return name === undefined ? undefined : this.#openPair(name);
  }

  async make(): Promise<OutputPair> {
    const name = join(this.#directory, `output-${this.#names.length}`);
    this.#names.push(name);
    await Promise.all(pairPaths(name).map((path) => makeFifo(path, { mode: 0o600 })));
    return this.#openPair(name);
  }

  /** Takes back the pair of a command that has ended, with all of its output. */
  settle(pair: OutputPair): void {
    try {
      if (pair.settle(() => this.#retire(pair))) this.#free.push(pair);
    } catch {
      // No descriptor was left to go on with it; all that was there has been read.
      this.#retire(pair);
    }
  }

  pause(): void {
    this.#paused = true;
    for (const pair of this.#open) pair.pause();
  }

  resume(): void {
    this.#paused = false;
    for (const pair of this.#open) pair.resume();
  }

  /** Closes and removes all; a pair taken later is made anew. */
  close(): void {
    for (const pair of this.#open) pair.close();
    for (const path of this.#names.flatMap(pairPaths)) rmSync(path, { force: true });
    this.#open.clear();
    for (const list of [this.#names, this.#free, this.#unopened]) list.length = 0;
  }

  #retire(pair: OutputPair): void {
    pair.close();
    this.#open.delete(pair);
    this.#unopened.push(pair.name);
  }

  #openPair(name: string): OutputPair {
    const pair = new OutputPair(name);
    this.#open.add(pair);
    if (this.#paused) pair.pause();
    return pair;
  }
}
