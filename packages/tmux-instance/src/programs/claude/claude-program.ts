import { join } from 'node:path';
import { type Capabilities, InstanceError } from '@ccb/instance-interface';
import { anySignal, type Call, type Command, type RunEnd } from '@ccb/instance-interface/abstract';
import type { Pane } from '../../pane/pane.ts';
import type { ProgramEnd } from '../../pane/program-end.ts';
import { programEnded } from '../exits.ts';
import type { Launch, PaneProgram, RunUpdate, Surroundings } from '../program.ts';
import { withResolvers } from '../resolvers.ts';
import { within } from '../within.ts';
import { Availability } from './availability.ts';
import { claudeLaunch, readConversation, writeConversation } from './claude-launch.ts';
import { ClaudeTurn, denial } from './claude-turn.ts';
import type { HookEvent } from './hook-event.ts';
import { HookInbox } from './hook-inbox.ts';
import { Interruption } from './interruption.ts';
import { promptKeys } from './prompt-text.ts';

const escapeKey = '\x1b';
const returnKey = '\r';
const clearKey = '\x15';
/** How long a prompt may wait to be taken, in ms. */
const takingMs = 15_000;
/** After how many ms without an answer the return key is pressed again: the first one after a start is sometimes lost. */
const againMs = 400;
/** How long an interrupted turn may take to say so, in ms. */
const interruptMs = 3_000;

/** Claude Code's terminal interface, driven by its hooks: nothing is read off the screen. */
export class ClaudeProgram implements PaneProgram {
  readonly capabilities: Partial<Capabilities> = {
    interrupt: true,
    permissions: true,
    detach: true,
  };
  readonly #surroundings: Surroundings;
  readonly #hook: string;
  readonly #inbox: HookInbox;
  readonly #available: Availability;
  #pane: Pane | undefined;
  #turn: ClaudeTurn | undefined;
  #interrupted: string | undefined;

  /** @param hook the script by which hooks tell what happened */
  constructor(surroundings: Surroundings, hook: string) {
    this.#surroundings = surroundings;
    this.#hook = hook;
    this.#inbox = new HookInbox(join(surroundings.state, 'hooks'));
    this.#available = new Availability(surroundings);
  }

  async launch(): Promise<Launch> {
    this.#inbox.close();
    this.#inbox.clear();
    try {
      return claudeLaunch(this.#surroundings, this.#hook, this.#inbox.directory);
    } catch (cause) {
      const { code, message } = cause as { readonly code?: string; readonly message: string };
      if (code !== 'CCB_PROGRAM_NOT_FOUND') throw cause;
      throw new InstanceError(code, message, { cause, instance: this.#surroundings.name });
    }
  }

  async ready(pane: Pane, how: 'launched' | 'reattached', { signal }: Call): Promise<void> {
    this.#pane = pane;
    if (how === 'reattached') this.#available.reattached();
    this.#inbox.open((event) => this.#heard(event));
    if (how === 'launched') await this.#available.when(signal);
  }

  get amidOther(): boolean {
    return this.#available.isAmidOther;
  }

  async interruptOther({ signal }: Call): Promise<void> {
    const { transcript } = readConversation(this.#surroundings.state) ?? {};
    const over = this.#available.when(signal);
    over.catch(() => {});
    using _seen = transcript === undefined ? undefined : new Interruption(transcript, () => this.#available.free());
    await this.#pane?.paste(escapeKey, { signal });
    await over;
  }

  async *run(command: Command): AsyncGenerator<RunUpdate, RunEnd, void> {
    const pane = this.#pane as Pane;
    const keys = promptKeys(command.text, this.#surroundings.name);
    await this.#available.forCommand(command.signal);
    if (this.#interrupted === command.id) return { success: false, completedBy: 'cancel' };
    const turn = new ClaudeTurn(command, (event, answer) => this.#inbox.answer(event, answer));
    this.#turn = turn;
    this.#available.taken(command.id);
    try {
      await pane.paste(keys, { signal: command.signal });
      await this.#submit(pane, turn, command.signal);
      return yield* turn.updates.read(command.signal);
    } finally {
      if (this.#turn === turn) this.#turn = undefined;
      if (turn.isOver) this.#available.free();
      else if (!turn.isTaken && !turn.updates.ended) this.#available.free();
      turn.fail(new Error('nobody reads it'));
    }
  }

  async interrupt(command: Command, { signal }: Call): Promise<void> {
    this.#interrupted = command.id;
    const turn = this.#turn;
    const pane = this.#pane;
    if (turn === undefined || pane === undefined) return;
    await within(turn.whenTaken, interruptMs, signal);
    if (turn.updates.ended) return;
    const { transcript } = readConversation(this.#surroundings.state) ?? {};
    const seen = withResolvers();
    using _watching = transcript === undefined ? undefined : new Interruption(transcript, seen.resolve);
    await pane.paste(escapeKey, { signal });
    await within(Promise.race([seen.promise, turn.whenOver]), interruptMs, signal);
    if (turn.updates.ended) return;
    // Before the first word a prompt goes back into the input box.
    await pane.paste(clearKey, { signal });
    turn.interrupted();
  }

  data(): void {}

  mark(): void {}

  ended(end: ProgramEnd): void {
    this.#inbox.read();
    this.#available.gone();
    this.#turn?.fail(programEnded(this.#surroundings.name, 'Claude Code', end));
  }

  dispose(): void {
    this.#inbox.close();
    this.#turn?.fail(new InstanceError('CCB_CLOSED', `${this.#surroundings.name}: this handle was let go.`));
  }

  #heard(event: HookEvent): void {
    const { sessionId, transcript } = event;
    if (sessionId !== undefined) writeConversation(this.#surroundings.state, { sessionId, transcript });
    const turn = this.#turn;
    if (event.name === 'SessionStart') this.#available.free();
    else if (turn !== undefined) turn.heard(event);
    else if (event.name === 'UserPromptSubmit') this.#available.personAsks();
    else if (event.name === 'Stop' || event.name === 'StopFailure') this.#available.free();
    else if (event.name === 'PermissionRequest' && this.#available.isAmidOther)
      this.#inbox.answer(event, denial(event));
  }

  /** Presses return until the prompt was taken. */
  async #submit(pane: Pane, turn: ClaudeTurn, signal: AbortSignal): Promise<void> {
    const late = anySignal(signal, AbortSignal.timeout(takingMs));
    while (!turn.isTaken && !turn.updates.ended) {
      signal.throwIfAborted();
      if (late.aborted) {
        const { name: instance } = this.#surroundings;
        const message = `${instance}: Claude Code did not take the prompt within ${takingMs} ms. Look at its screen: it may show a dialog.`;
        throw new InstanceError('CCB_COMMAND_FAILED', message, { instance, retryable: true });
      }
      await pane.paste(returnKey, { signal });
      await within(turn.whenTaken, againMs, late);
      // A prompt that was taken may lead to a dialog, which the key would answer.
      this.#inbox.read();
    }
  }
}
