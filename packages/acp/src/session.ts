import { type AgentContext, type PromptResponse, RequestError } from '@agentclientprotocol/sdk';
import type { CommandStream, InstanceInterface } from '@ccb/instance-interface';
import { replayedUpdate, sessionUpdate } from './session-update.ts';
import { closingWords, promptResponse, requestError } from './turn-end.ts';

export interface PromptSignals {
  /** The editor gives this turn up. */
  readonly signal: AbortSignal;
  /** The editor is gone: what runs goes on, and can be loaded. */
  readonly connection: AbortSignal;
}

/** One conversation of an editor: one instance, one turn at a time. */
export class Session {
  readonly #instance: InstanceInterface;
  readonly #client: AgentContext;
  #turn: CommandStream | undefined;

  constructor(instance: InstanceInterface, client: AgentContext) {
    this.#instance = instance;
    this.#client = client;
  }

  get id(): string {
    return this.#instance.name;
  }

  /** Resolves when the turn has ended and everything of it was told. @throws {RequestError} */
  async prompt(text: string, { signal, connection }: PromptSignals): Promise<PromptResponse> {
    if (this.#turn !== undefined)
      throw RequestError.invalidRequest({}, `a turn runs in ${this.id} already; cancel it, or wait for its end`);
    const turn = this.#instance.sendCommand(text);
    this.#turn = turn;
    const cancel = (): void => {
      if (!connection.aborted) turn.cancel().catch(() => undefined);
    };
    signal.addEventListener('abort', cancel, { once: true });
    try {
      return await this.#tell(turn);
    } catch (error) {
      throw requestError(error);
    } finally {
      signal.removeEventListener('abort', cancel);
      this.#turn = undefined;
    }
  }

  /** The running turn ends as `cancelled`, in the program too. */
  async cancel(): Promise<void> {
    await this.#turn?.cancel();
  }

  /** Everything that was said, in order; what runs still goes on being told. */
  async replay(): Promise<void> {
    if (!this.#instance.capabilities.history) return;
    const { command } = await this.#instance.getInfo();
    for await (const entry of this.#instance.history()) {
      if (entry.commandId === command?.id && entry.type !== 'command') continue;
      await this.#update(replayedUpdate(entry));
    }
    if (command !== undefined && this.#instance.capabilities.resume) this.#follow(command.id);
  }

  async detach(): Promise<void> {
    await this.#instance.detach();
  }

  /** A turn of an earlier connection: nobody waits for its end. */
  #follow(commandId: string): void {
    const turn = this.#instance.resumeCommand(commandId);
    this.#turn = turn;
    this.#tell(turn)
      .catch(() => undefined)
      .finally(() => {
        if (this.#turn === turn) this.#turn = undefined;
      });
  }

  async #tell(turn: CommandStream): Promise<PromptResponse> {
    // Each is written before the next is taken: an editor that does not read holds the program back.
    for await (const event of turn.events({ cancelOnReturn: false })) await this.#update(sessionUpdate(event));
    const result = await turn.result;
    const words = closingWords(result);
    if (words !== undefined) await this.#update(sessionUpdate({ type: 'text', text: words }));
    return promptResponse(result);
  }

  async #update(update: ReturnType<typeof sessionUpdate>): Promise<void> {
    if (update !== undefined) await this.#client.notify('session/update', { sessionId: this.id, update });
  }
}
