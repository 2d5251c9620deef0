import { chooseEndpoint, connectEngine } from './connect.ts';
import type { DockerClient } from './docker-client.ts';
import { addressOf } from './endpoint.ts';
import type { Engine } from './engine.ts';

interface Share {
  readonly engine: Engine;
  users: number;
}

/** One engine, with its one event stream, for all instances that use it. */
class SharedEngines {
  readonly #shares = new Map<unknown, Share>();

  /** `key`: a client that was handed in, or the engine's address. The engine is closed when its last user has released it. */
  acquire(key: unknown, make: () => Engine): EngineShare {
    let share = this.#shares.get(key);
    if (share === undefined) {
      share = { engine: make(), users: 0 };
      this.#shares.set(key, share);
    }
    share.users += 1;
    return new EngineShare(share.engine, () => this.#release(key, share));
  }

  #release(key: unknown, share: Share): void {
    share.users -= 1;
    if (share.users > 0) return;
    this.#shares.delete(key);
    share.engine.close();
  }
}

export class EngineShare implements Disposable {
  readonly engine: Engine;
  #release: (() => void) | undefined;

  constructor(engine: Engine, release: () => void) {
    this.engine = engine;
    this.#release = release;
  }

  /** Idempotent. */
  release(): void {
    this.#release?.();
    this.#release = undefined;
  }

  [Symbol.dispose](): void {
    this.release();
  }
}

const engines = new SharedEngines();

/** The engine of a client that was handed in, else the one that environment, docker context or usual sockets name. */
export function shareEngine(docker?: DockerClient): EngineShare {
  if (docker !== undefined) return engines.acquire(docker, () => connectEngine({ docker }));
  return engines.acquire(addressOf(chooseEndpoint()), () => connectEngine());
}
