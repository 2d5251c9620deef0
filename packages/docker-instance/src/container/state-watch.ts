import { InstanceError } from '@ccb/instance-interface';
import { anySignal } from '@ccb/instance-interface/abstract';
import type { ContainerInspection, Engine, EngineEvent } from '../engine/engine.ts';
import { endedWell, whyDown, whyEnded } from './ended.ts';
import { inspection } from './own-container.ts';

const LOOK_MS = 2_000;

export interface StateWatchEvents {
  /** Commands are open that wait for the container to come back. */
  readonly waitedFor: boolean;
  /** This handle is starting or stopping it at the moment. */
  readonly moving: boolean;
  moved(to: 'running' | 'unreachable' | 'stopped' | 'failed', reason: string, error?: InstanceError): void;
  /** false: this handle has no connection to the agent. Rejects when the agent does not answer. */
  ping(signal: AbortSignal): Promise<boolean>;
  /** The container runs and this handle never reached its agent: it may now. */
  unconnected(): void;
  /** It may be within reach again, for those commands. */
  reachable(): void;
  /** Somebody else started it: this handle may follow. */
  startedOutside(): void;
  log(level: 'info' | 'warn', event: string, fields: Readonly<Record<string, unknown>>): void;
}

/** What the engine says of one container, as moves of the instance's state. */
export class StateWatch {
  readonly #instance: string;
  readonly #container: string;
  readonly #engine: Engine;
  readonly #events: StateWatchEvents;
  readonly #over = new AbortController();
  readonly #unwatch: () => void;
  #outOfMemory = false;

  constructor(instance: string, container: string, engine: Engine, events: StateWatchEvents) {
    this.#instance = instance;
    this.#container = container;
    this.#engine = engine;
    this.#events = events;
    this.#unwatch = engine.watch(container, (event) => this.#take(event));
  }

  /** Idempotent. */
  end(): void {
    this.#over.abort();
    this.#unwatch();
  }

  /** What is the case, for whoever may have missed how it came about. */
  reconcile(found: ContainerInspection | undefined): void {
    const down = whyDown(found);
    if (down === undefined) void this.#answers(`the engine ${this.#engine.address} answers again`);
    else if (down.state === 'unreachable') this.#events.moved('unreachable', down.reason);
    else this.#down(down.reason, down.state === 'failed');
  }

  #take(event: EngineEvent): void {
    if (this.#over.signal.aborted) return;
    const { action } = event;
    // What runs beside the agent says nothing of the container.
    if (action.startsWith('exec_')) return;
    this.#events.log('info', `container.${action}`, { exitCode: event.exitCode, health: event.health });
    switch (action) {
      case 'oom':
        this.#outOfMemory = true;
        break;
      case 'die':
        void this.#died(event);
        break;
      case 'destroy':
        this.#down('the container was removed', false);
        break;
      case 'pause':
        this.#events.moved('unreachable', 'the container is paused');
        break;
      case 'unpause':
        this.#events.reachable();
        void this.#answers('the container goes on');
        break;
      case 'health_status':
        if (event.health === 'unhealthy') this.#events.moved('unreachable', 'the container is unhealthy');
        else if (event.health === 'healthy') void this.#answers('the container is healthy');
        break;
      case 'start':
        this.#outOfMemory = false;
        this.#events.reachable();
        void this.#started();
        break;
      case 'lost':
        this.#events.moved('unreachable', `the engine ${this.#engine.address} does not answer`);
        break;
      case 'back':
        this.#events.reachable();
        this.reconcile(event.inspection);
        break;
    }
  }

  async #started(): Promise<void> {
    if (this.#events.moving || this.#events.waitedFor) return;
    const signal = anySignal(AbortSignal.timeout(LOOK_MS), this.#over.signal);
    const found = await inspection(this.#engine, this.#container, { signal }).catch(() => undefined);
    // Told late, of a life that is over: whoever ended it since wants it to be down.
    if (this.#over.signal.aborted || !found?.state.running) return;
    if (!this.#events.moving && !this.#events.waitedFor) this.#events.startedOutside();
  }

  async #died({ exitCode }: EngineEvent): Promise<void> {
    const signal = anySignal(AbortSignal.timeout(LOOK_MS), this.#over.signal);
    const found = await inspection(this.#engine, this.#container, { signal }).catch(() => undefined);
    // Told late, of a life that is over: it was started again since.
    if (this.#over.signal.aborted || found?.state.running) return;
    const oomKilled = this.#outOfMemory || (found?.state.oomKilled ?? false);
    const end = { exitCode: exitCode ?? found?.state.exitCode ?? 0, oomKilled, error: found?.state.error ?? '' };
    this.#down(`the container ended: ${whyEnded(end)}`, !endedWell(end));
  }

  #down(reason: string, broken: boolean): void {
    // A start or stop that is under way sees to it.
    if (this.#events.moving) return;
    if (this.#events.waitedFor) this.#events.moved('unreachable', reason);
    else if (broken) {
      const message = `${this.#instance}: ${reason}. The next command, or start(), starts it again.`;
      const error = new InstanceError('CCB_STOPPED', message, { retryable: true, instance: this.#instance });
      this.#events.moved('failed', reason, error);
    } else this.#events.moved('stopped', reason);
  }

  async #answers(reason: string): Promise<void> {
    try {
      const connected = await this.#events.ping(anySignal(AbortSignal.timeout(LOOK_MS), this.#over.signal));
      if (this.#over.signal.aborted) return;
      if (connected) this.#events.moved('running', reason);
      else if (!this.#events.moving) this.#events.unconnected();
    } catch {
      // Its silence, or its end, is told by whoever hears of it.
    }
  }
}
