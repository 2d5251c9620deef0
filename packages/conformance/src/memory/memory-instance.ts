import {
  type Cursor,
  type HistoryEntry,
  InstanceError,
  type InstanceInfo,
  type OpenOptions,
} from '@ccb/instance-interface';
import { AbstractInstance, type Answer, anySignal, type Call } from '@ccb/instance-interface/abstract';
import type { MemoryPlace, Visitor } from './memory-place.ts';
import type { MemoryWorld } from './memory-world.ts';

/** How long a cancel waits for a frozen place, in ms. */
const cancelMs = 1_000;

export interface MemoryOptions extends OpenOptions {
  readonly created: boolean;
}

/** A handle on a place in a {@link MemoryWorld}. */
export class MemoryInstance extends AbstractInstance implements Visitor {
  readonly place: MemoryPlace;
  readonly #world: MemoryWorld;
  readonly #observing: boolean;
  readonly #gone = new AbortController();

  constructor(world: MemoryWorld, place: MemoryPlace, options: MemoryOptions) {
    super(place.record, {
      ...options,
      capabilities: {
        interrupt: true,
        permissions: true,
        exitCode: true,
        exactOutput: true,
        resume: true,
        history: true,
        detach: true,
      },
    });
    this.#world = world;
    this.place = place;
    this.#observing = options.mode === 'observe';
  }

  /** Enters the place. @throws {InstanceError} CCB_LOCKED */
  enter(): void {
    const { place } = this;
    if (!this.#observing) {
      if (place.holder !== undefined) {
        const message = `${this.name}: process ${process.pid} holds it. Let go of it there, or observe.`;
        throw new InstanceError('CCB_LOCKED', message, { instance: this.name, retryable: true });
      }
      place.holder = this;
    }
    place.visitors.add(this);
    if (!place.isUp) return;
    if (place.wire.frozen) this._moved('unreachable', 'it does not answer');
    else this._moved('running', 'it was opened');
  }

  told(to: 'running' | 'unreachable' | 'stopped' | 'failed', reason: string, error?: InstanceError): void {
    this._moved(to, reason, error);
  }

  protected override async _start({ signal }: Call): Promise<void> {
    await this.place.wire.reach(signal);
    this.place.boot();
  }

  protected override async _stop(): Promise<void> {
    this.place.shutdown(this);
  }

  protected override async _probe({ signal }: Call): Promise<boolean> {
    await this.place.wire.reach(signal);
    return this.place.isUp;
  }

  protected override async _info({ signal }: Call): Promise<Partial<InstanceInfo>> {
    await this.place.wire.reach(signal);
    const { command } = this.place;
    const program = { name: this.record.program, version: '1' };
    return { program, transport: 'memory', ...(command !== undefined && { command }) };
  }

  protected override async _detach(): Promise<void> {
    this.leave();
  }

  protected override async _cleanup({ remove }: Call & { readonly remove: boolean }): Promise<void> {
    this.place.shutdown(this);
    this.leave();
    if (remove) this.#world.remove(this.place);
  }

  protected override _dispatch(answer: Answer): void {
    this.place.wire.pass(() => this.place.submit(answer));
  }

  protected override _resume(answer: Answer): void {
    this.place.wire.pass(() => this.place.replay(answer));
  }

  protected override async _cancel(answer: Answer, reason: 'cancelled' | 'timeout', { signal }: Call): Promise<void> {
    await this.place.wire.reach(anySignal(signal, AbortSignal.timeout(cancelMs)));
    this.place.cancel(answer.id, reason);
  }

  protected override async _interruptRunning({ signal }: Call): Promise<boolean> {
    await this.place.wire.reach(signal);
    return this.place.interrupt();
  }

  protected override _history(options: {
    readonly after?: Cursor | undefined;
    readonly follow: boolean;
    readonly signal?: AbortSignal | undefined;
  }): AsyncIterable<HistoryEntry> {
    const { after, follow, signal } = options;
    const until = anySignal(signal, this.#gone.signal);
    return this.place.journal.read(after, follow, until);
  }

  protected override async *_run(): AsyncGenerator<never, never, void> {
    yield* [];
    throw new InstanceError('CCB_NOT_SUPPORTED', 'commands of this instance run in its place');
  }

  protected override _interrupt(): Promise<void> {
    return Promise.reject(new InstanceError('CCB_NOT_SUPPORTED', 'commands of this instance run in its place'));
  }

  /** Nothing of this handle is left. */
  protected leave(): void {
    const { place } = this;
    this.#gone.abort(new InstanceError('CCB_CLOSED', `${this.name}: this handle is closed.`, { instance: this.name }));
    place.visitors.delete(this);
    if (place.holder === this) place.holder = undefined;
  }
}
