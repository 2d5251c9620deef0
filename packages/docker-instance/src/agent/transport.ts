import { setTimeout as delay } from 'node:timers/promises';
import { agentChannelLimits, openObserverChannel, RenewableChannel, translated } from '@ccb/container-agent';
import { InstanceError } from '@ccb/instance-interface';
import { anySignal, type Call } from '@ccb/instance-interface/abstract';
import { type Channel, NamedPipeChannel, NamedPipeError } from '@ccb/named-pipe';
import type { Engine } from '../engine/engine.ts';
import type { AgentPlace } from './agent-place.ts';
import { endedWithoutNode, withoutNode } from './foothold.ts';
import { openRelay } from './relay-channel.ts';
import { whenDown } from './when-down.ts';

/** ms that the pipes have before a relay, which costs a process in the container, is tried beside them. */
const HEAD_START_MS = 1_500;
/** ms for a handshake there and back. */
const HANDSHAKE_MS = 10_000;

export type Transport = 'fifo' | 'exec';

export interface TransportScene {
  readonly instance: string;
  readonly engine: Engine;
  readonly place: AgentPlace;
  /** Prefix of the FIFOs on this machine; undefined: there are none that the container shares. */
  readonly pipes: string | undefined;
  readonly wanted: 'auto' | Transport;
  readonly observing: boolean;
  log(level: 'info' | 'warn', event: string, fields: Readonly<Record<string, unknown>>): void;
}

/** Opens the channel to an agent, by whatever way really carries a handshake there and back. */
export class TransportChoice {
  readonly #scene: TransportScene;
  #chosen: Transport | undefined;
  #relay: RenewableChannel | undefined;

  constructor(scene: TransportScene) {
    this.#scene = scene;
  }

  /** What is used now, or was last. */
  get chosen(): Transport | undefined {
    return this.#chosen;
  }

  /** @throws {InstanceError} CCB_AGENT_UNREACHABLE when the container ends meanwhile, or no way reaches the agent */
  async open(call: Call): Promise<Channel> {
    const { engine, place, log } = this.#scene;
    const over = new AbortController();
    const signal = anySignal(call.signal, over.signal);
    const ended = whenDown(engine, place.container, { signal }).then(async () => {
      const words = await place.lastWords(call);
      if (endedWithoutNode(words)) throw withoutNode(place.container);
      throw new InstanceError('CCB_AGENT_UNREACHABLE', words, { retryable: true });
    });
    ended.catch(() => {});
    const opening = this.#open(signal);
    try {
      const channel = await Promise.race([opening, ended]);
      const chosen = channel instanceof RenewableChannel ? 'exec' : 'fifo';
      this.#relay = channel instanceof RenewableChannel ? channel : undefined;
      if (chosen !== this.#chosen) log('info', 'transport.chosen', { transport: chosen });
      this.#chosen = chosen;
      return channel;
    } catch (error) {
      opening.then(closed, () => {});
      throw error;
    } finally {
      over.abort();
    }
  }

  /** Another relay for a channel whose relay has died; nothing for pipes, which come up by themselves. */
  async renew({ signal }: Call): Promise<void> {
    if (this.#relay !== undefined && !this.#relay.isUp) await this.#relay.renew(signal);
  }

  async #open(signal: AbortSignal): Promise<Channel> {
    const { wanted, pipes } = this.#scene;
    if (pipes === undefined || wanted === 'exec') return await this._execFallback(signal);
    if (wanted === 'fifo') return await this.#throughPipes(pipes, signal);
    return this.#chosen === 'exec' ? await this._execFallback(signal) : await this.#race(pipes, signal);
  }

  /** One agent serves both ways: the relay comes up first only where the pipes do not reach it. */
  async #race(pipes: string, signal: AbortSignal): Promise<Channel> {
    const decided = new AbortController();
    const undecided = anySignal(signal, decided.signal);
    const direct = this.#throughPipes(pipes, undecided);
    const headStart = Promise.race([
      delay(HEAD_START_MS, undefined, { signal: undecided }),
      // Pipes that fail at once are not waited for.
      direct.then(never, () => {}),
    ]);
    const relayed = headStart.then(() => this._execFallback(undecided));
    let winner: Channel | undefined;
    try {
      winner = await Promise.any([direct, relayed]);
      if (winner instanceof RenewableChannel) {
        const reason =
          'no handshake came back through the pipes: they are not shared, or the container has another kernel';
        this.#scene.log('warn', 'transport.fallback', { transport: 'exec', reason });
      }
      return winner;
    } catch (error) {
      // The relay's words are the better ones: it sees whether anybody listens.
      throw (error as AggregateError).errors.at(-1);
    } finally {
      decided.abort();
      for (const attempt of [direct, relayed]) {
        attempt.then(
          (channel) => (channel === winner ? undefined : closed(channel)),
          () => {},
        );
      }
    }
  }

  async #throughPipes(pipes: string, signal: AbortSignal): Promise<Channel> {
    const { instance, observing } = this.#scene;
    try {
      const channel = observing
        ? await openObserverChannel(pipes, signal)
        : // The hold is the lock here: it lies outside the pipes' directory, which the container can lock.
          await NamedPipeChannel.connect(pipes, { ...agentChannelLimits, lock: false, lazy: true, signal });
      try {
        await channel.whenUp({ signal, timeoutMs: HANDSHAKE_MS });
      } catch (error) {
        await channel.close({ timeoutMs: 1 });
        throw error;
      }
      return channel;
    } catch (error) {
      throw NamedPipeError.is(error, 'CCB_PIPE_TIMEOUT') ? apart(instance, error) : translated(instance, error);
    }
  }

  /** The same protocol over one persistent exec in the container. */
  async _execFallback(signal: AbortSignal): Promise<Channel> {
    const { engine, place, observing } = this.#scene;
    const bounded = anySignal(AbortSignal.timeout(HANDSHAKE_MS), signal);
    const relay = new RenewableChannel((opening) => openRelay(engine, place, observing, opening));
    try {
      await relay.renew(bounded);
    } catch (error) {
      await relay.close();
      throw signal.aborted || !bounded.aborted ? error : silent(this.#scene.instance);
    }
    return relay;
  }
}

function silent(instance: string): InstanceError {
  const cause = new InstanceError('CCB_TIMEOUT', `not within ${HANDSHAKE_MS} ms`);
  const message = `${instance}: no handshake came back through the relay within ${HANDSHAKE_MS} ms; the agent is there, or its socket is, but it says nothing`;
  return new InstanceError('CCB_AGENT_UNREACHABLE', message, { cause, retryable: true, instance });
}

function apart(instance: string, cause: unknown): InstanceError {
  const message = `${instance}: no handshake came back through its pipes within ${HANDSHAKE_MS} ms: the container does not share them, or has another kernel, or the agent is frozen. transport: 'auto' or 'exec' does without them`;
  return new InstanceError('CCB_AGENT_UNREACHABLE', message, { cause, retryable: true, instance });
}

async function closed(channel: Channel): Promise<void> {
  await channel.close({ timeoutMs: 1 });
}

function never(): Promise<never> {
  return new Promise(() => {});
}
