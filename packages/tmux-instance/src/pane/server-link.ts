import { InstanceError } from '@ccb/instance-interface';
import type { Call } from '@ccb/instance-interface/abstract';
import type { Control, Reply, TmuxCommand, TmuxServer } from '../control/control.ts';
import { acquireControl } from '../control/shared-control.ts';
import { type FoundPane, findPane } from './panes.ts';

/** The way of one instance to its tmux server: made when it is needed, and anew after the server's death. */
export class ServerLink {
  readonly #server: TmuxServer;
  readonly #instance: string;
  readonly #instanceId: string;
  readonly #onDown: (error: InstanceError) => void;
  #control: Control | undefined;
  #connecting: Promise<Control> | undefined;

  /** @param onDown the server, or the way to it, is gone */
  constructor(server: TmuxServer, instance: string, instanceId: string, onDown: (error: InstanceError) => void) {
    this.#server = server;
    this.#instance = instance;
    this.#instanceId = instanceId;
    this.#onDown = onDown;
  }

  /** Starts a server of ours where none answers. @throws {InstanceError} CCB_BACKEND_UNREACHABLE, CCB_TIMEOUT */
  connect(call: Call): Promise<Control> {
    return this.#connect(this.#server, call);
  }

  /** For looking, where a server runs; undefined: none does, and none is started. */
  async look(call: Call): Promise<Control | undefined> {
    try {
      return await this.#connect({ ...this.#server, owner: 'person' }, call);
    } catch (error) {
      if (InstanceError.is(error, 'CCB_BACKEND_UNREACHABLE')) return undefined;
      throw error;
    }
  }

  /** The instance's pane, where there is one. @throws {InstanceError} when tmux does not answer */
  async find(call: Call): Promise<FoundPane | undefined> {
    const control = await this.look(call);
    return control === undefined ? undefined : await findPane(control, this.#instanceId, call);
  }

  /** @throws {InstanceError} CCB_BACKEND_UNREACHABLE */
  async run(commands: readonly TmuxCommand[], call?: Call): Promise<readonly Reply[]> {
    if (this.#control !== undefined) return await this.#control.run(commands, call);
    const message = `${this.#instance}: its tmux server is gone.`;
    throw new InstanceError('CCB_BACKEND_UNREACHABLE', message, { instance: this.#instance });
  }

  /** Resolves at the next notification of these names. @throws the signal's reason */
  whenNotified(names: readonly string[], signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted || this.#control === undefined) {
        reject(signal.reason ?? new Error('no connection'));
        return;
      }
      const stop = this.#control.onNotification(({ name }) => {
        if (!names.includes(name)) return;
        end();
        resolve();
      });
      const leave = (): void => {
        end();
        reject(signal.reason);
      };
      const end = (): void => {
        stop();
        signal.removeEventListener('abort', leave);
      };
      signal.addEventListener('abort', leave, { once: true });
    });
  }

  async release(): Promise<void> {
    await this.#settled();
    const control = this.#control;
    this.#control = undefined;
    await control?.release();
  }

  async #connect(server: TmuxServer, call: Call): Promise<Control> {
    // One at a time: a share that nobody remembers would never be released.
    await this.#settled();
    if (this.#control !== undefined) return this.#control;
    const connecting = this.#acquire(server, call);
    this.#connecting = connecting;
    try {
      return await connecting;
    } finally {
      this.#connecting = undefined;
    }
  }

  async #settled(): Promise<void> {
    while (this.#connecting !== undefined) await this.#connecting.catch(() => {});
  }

  async #acquire(server: TmuxServer, call: Call): Promise<Control> {
    const control = await acquireControl(server, call);
    this.#control = control;
    control.onDown((error) => {
      if (this.#control !== control) return;
      this.#control = undefined;
      this.#onDown(error);
      void control.release();
    });
    return control;
  }
}
