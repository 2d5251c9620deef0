import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeFifo } from '@ccb/named-pipe/fifo';
import { Side } from './side.ts';

/** A temporary directory and every process that was started in it; all of it goes at the end. */
export class Workplace implements AsyncDisposable {
  readonly directory: string = mkdtempSync(join(tmpdir(), 'ccb-bench-'));
  readonly #sides = new Set<Side>();
  readonly #deferred: (() => Promise<void>)[] = [];
  #names = 0;

  /** A path that nothing else here has. */
  path(label: string): string {
    this.#names += 1;
    return join(this.directory, `${label}-${this.#names}`);
  }

  async fifo(label: string): Promise<string> {
    const path = this.path(label);
    await makeFifo(path);
    return path;
  }

  /** Starts `children/<program>.ts`; resolves when it is ready. */
  async side<Request, Reply>(program: string, setting: object): Promise<Side<Request, Reply>> {
    const side = new Side<Request, Reply>(program, setting, this.directory);
    this.#sides.add(side as Side);
    await side.ready;
    return side;
  }

  /** A side for one sample, gone afterwards. */
  async fresh<Request, Reply>(program: string, setting: object, request: Request): Promise<Reply> {
    await using side = await this.side<Request, Reply>(program, setting);
    return await side.ask(request);
  }

  /** What is to be done when all sides have ended. */
  defer(undo: () => Promise<void>): void {
    this.#deferred.push(undo);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#sides].map((side) => side[Symbol.asyncDispose]()));
    for (const undo of this.#deferred.reverse()) await undo();
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 3, retryDelay: 50 });
  }
}
