import type { AgentHello } from '../protocol/frames.ts';

export interface ClientEvents {
  /** The agent is there (again) and has said hello. */
  up(hello: AgentHello): void;
  down(reason: string): void;
  /** Nothing was heard for `silenceMs`, though the channel stands: the agent is frozen, or the machine is. */
  silent(): void;
  /** It speaks again. */
  heard(): void;
}

export class ClientListeners {
  readonly #sets: { readonly [K in keyof ClientEvents]: Set<ClientEvents[K]> } = {
    up: new Set(),
    down: new Set(),
    silent: new Set(),
    heard: new Set(),
  };

  add<K extends keyof ClientEvents>(event: K, listener: ClientEvents[K]): () => void {
    const set = this.#sets[event] as Set<ClientEvents[K]>;
    set.add(listener);
    return () => void set.delete(listener);
  }

  emit<K extends keyof ClientEvents>(event: K, ...args: Parameters<ClientEvents[K]>): void {
    for (const listener of [...this.#sets[event]]) (listener as (...args: unknown[]) => void)(...args);
  }
}
