import {
  assertNamed,
  assertOwn,
  Hold,
  type InstanceLayout,
  instanceLayout,
  removeDirectory,
  translated,
} from '@ccb/container-agent';
import type {
  CallOptions,
  CommandUpdate,
  InstanceInfo,
  InstanceRecord,
  OpenOptions,
  RunEnd,
} from '@ccb/instance-interface';
import { AbstractInstance, anySignal, type Call, type Command } from '@ccb/instance-interface/abstract';
import type { FileLock } from '@ccb/named-pipe/lock';
import type { CompletionChoice } from './completion/completion-choice.ts';
import { createTmux } from './create.ts';
import { furnishPane, scriptPath } from './layout-files.ts';
import { CommandNotes } from './observing/command-note.ts';
import { InterruptRequests } from './observing/interrupt-requests.ts';
import { PaneSession } from './pane/pane-session.ts';
import { isAtWork } from './pane/process-state.ts';
import { chooseProgram } from './programs/choose.ts';
import type { PaneProgram } from './programs/program.ts';
import { Takeovers } from './takeover/takeovers.ts';
import { asTmuxRecord, type TmuxData, type TmuxRecord } from './tmux-data.ts';
import type { TmuxSpec } from './tmux-spec.ts';

export interface TmuxOptions extends OpenOptions {
  readonly created?: boolean | undefined;
  readonly maxQueue?: number | undefined;
  /** The hold, if the caller took it already. */
  readonly lock?: FileLock | undefined;
  /** Detectors of your own, which no record can hold; the same as at its creation. */
  readonly completion?: readonly CompletionChoice[] | undefined;
}

/** How long opening may take where nothing is said, in ms. */
const openMs = 10_000;
/** How long another call may take, in ms. */
const callMs = 5_000;

/** A program in a tmux pane, which a person can watch and take over. */
export class TmuxInstance extends AbstractInstance {
  readonly #own: TmuxRecord;
  readonly #data: TmuxData;
  readonly #layout: InstanceLayout;
  readonly #observing: boolean;
  readonly #hold: Hold;
  readonly #program: PaneProgram;
  readonly #session: PaneSession;
  readonly #takeovers = new Takeovers();
  readonly #interrupts: InterruptRequests;
  readonly #notes: CommandNotes;

  /** @throws {InstanceError} CCB_RECORD_INVALID */
  constructor(record: InstanceRecord, options: TmuxOptions = {}) {
    const own = asTmuxRecord(record);
    const layout = instanceLayout(own.data.directory, own.name);
    const observing = options.mode === 'observe';
    let nonce = '';
    const program = chooseProgram(own, {
      layout,
      env: options.env ?? {},
      completion: options.completion,
      nonce: () => nonce,
      log: (level, event, fields) => this._log(level, event, fields),
      takeover: (active) => this.#tookOver(active),
      personTypedSince: (time) => this.#takeovers.typedSince(this.#session.link, own.data.session, time),
      whenDetached: (signal) => this.#takeovers.whenDetached(this.#session.link, own.data.session, signal),
    });
    super(record, { ...options, created: options.created ?? false, capabilities: program.capabilities });
    this.#own = own;
    this.#data = own.data;
    this.#layout = layout;
    this.#observing = observing;
    this.#hold = new Hold(layout.lock, own.name, {
      held: options.lock,
      holder: options.holder,
      assertOwn: () => assertOwn(layout, own),
    });
    this.#program = program;
    this.#interrupts = new InterruptRequests(layout.pipesDirectory);
    this.#notes = new CommandNotes(layout.state);
    this.#session = new PaneSession(
      { socket: own.data.socket, owner: own.data.owner },
      {
        name: own.name,
        instanceId: own.data.instanceId,
        session: own.data.session,
        adopted: own.data.adopted,
        pipes: layout.pipes,
        state: layout.state,
        launcher: scriptPath(layout, 'launch.sh'),
      },
      program,
      (next) => {
        nonce = next;
      },
      {
        restarted: () => this._log('info', 'program.restarted'),
        carrier: (isThere) =>
          this._moved(
            isThere ? 'running' : 'unreachable',
            isThere ? 'its output is carried again' : 'what carries its output died',
          ),
        gone: (to, reason, error) => this._moved(to, reason, error),
      },
    );
  }

  /** @throws {InstanceError} CCB_NAME_TAKEN, CCB_PROGRAM_NOT_FOUND @throws {TypeError} for a bad spec */
  static create(spec: Omit<TmuxSpec, 'type'>, options?: CallOptions): Promise<TmuxInstance> {
    return createTmux({ ...spec, type: 'tmux' }, options);
  }

  /**
   * Takes the hold, and the pane with it when its program runs; a stopped instance stays stopped.
   * @throws {InstanceError} CCB_NOT_FOUND, CCB_LOCKED, CCB_RECORD_INVALID
   * @throws {TypeError} for a variable that the record does not name
   */
  static async open(record: InstanceRecord, options: TmuxOptions = {}): Promise<TmuxInstance> {
    const instance = new TmuxInstance(record, options);
    assertNamed(record.name, instance.#data.secrets, options.env ?? {});
    try {
      assertOwn(instance.#layout, instance.#own);
      await instance.#open(options);
      return instance;
    } catch (error) {
      await instance.detach();
      throw translated(record.name, error);
    }
  }

  /** The argv by which a person looks in, and takes over. */
  get attachCommand(): readonly [string, ...string[]] {
    return ['tmux', '-S', this.#data.socket, 'attach-session', '-t', `=${this.#data.session}`];
  }

  /**
   * What the terminal shows now, as text.
   * @throws {InstanceError} CCB_INVALID_STATE while nothing runs, CCB_BACKEND_UNREACHABLE, CCB_TIMEOUT
   */
  async screen(options: CallOptions = {}): Promise<string> {
    const { signal, timeoutMs = callMs } = options;
    return await this.#session.screen({ signal: anySignal(signal, AbortSignal.timeout(timeoutMs)) });
  }

  /**
   * Gives keys to the program as they are, as a person at its keyboard would: what a command that runs asks for.
   * @throws {TypeError} for a NUL @throws {InstanceError} CCB_INVALID_STATE while nothing runs, CCB_BACKEND_UNREACHABLE, CCB_TIMEOUT
   */
  async press(keys: string | Uint8Array, options: CallOptions = {}): Promise<void> {
    const { signal, timeoutMs = callMs } = options;
    await this.#session.press(typeof keys === 'string' ? keys : Buffer.from(keys), {
      signal: anySignal(signal, AbortSignal.timeout(timeoutMs)),
    });
  }

  /** Called when a person begins to type in the pane, and when the program awaits commands again. @returns what ends it */
  onTakeover(listener: (active: boolean) => void): () => void {
    return this.#takeovers.listen(listener);
  }

  protected override async _start(call: Call): Promise<void> {
    assertOwn(this.#layout, this.#own);
    await this.#hold.take(call.signal);
    furnishPane(this.#layout);
    await this.#session.start(call);
    if (!this.#program.amidOther) this.#notes.clear();
    this.#interrupts.serve(() => this.interrupt());
  }

  protected override async _stop(call: Call & { readonly graceMs: number }): Promise<void> {
    this.#interrupts.stop();
    await this.#session.end(call.graceMs, call);
  }

  protected override async *_run(
    command: Command,
  ): AsyncGenerator<string | Exclude<CommandUpdate, { type: 'end' }>, RunEnd, void> {
    await this.#session.whenReady();
    this.#notes.write(command.id);
    try {
      return yield* this.#program.run(command);
    } finally {
      // A command that is let go runs on, and the next host is to know which.
      if (!this._closing) this.#notes.clear();
    }
  }

  protected override async _interrupt(command: Command, call: Call): Promise<void> {
    await this.#program.interrupt(command, call);
  }

  protected override async _interruptRunning(call: Call): Promise<boolean> {
    if (this.#program.amidOther && this._running() === undefined) {
      await this.#program.interruptOther?.(call);
      return true;
    }
    if (!this.#observing) return await super._interruptRunning(call);
    const found = await this.#session.link.find(call);
    if (found === undefined || this.#notes.read() === undefined) return false;
    await this.#interrupts.ask(call);
    return true;
  }

  protected override async _probe(call: Call): Promise<boolean> {
    const found = await this.#session.link.find(call);
    if (found === undefined || found.dead) return false;
    // Of a program that was there before the process is not known.
    return this.#data.adopted || isAtWork(this.#session.pid);
  }

  protected override async _info(call: Call): Promise<Partial<InstanceInfo>> {
    const holder = await this.#hold.holder();
    const found = await this.#session.link.find(call);
    const { pid } = this.#session;
    const { program: name } = this.record;
    const command =
      found !== undefined && (this.#observing || this.#program.amidOther) ? this.#notes.read() : undefined;
    return {
      transport: 'tmux',
      attachCommand: this.attachCommand,
      program: { name, ...(pid !== undefined && found !== undefined && { pid }) },
      ...(command !== undefined && { command }),
      ...(holder !== undefined && { holder }),
    };
  }

  protected override async _detach(call: Call): Promise<void> {
    this.#interrupts.stop();
    await this.#session.detach(call);
    await this.#hold.release();
  }

  protected override async _cleanup(call: Call & { readonly remove: boolean }): Promise<void> {
    this.#interrupts.stop();
    await this.#session.end(0, call);
    if (call.remove) removeDirectory(this.#layout, this.#own);
    await this.#hold.release();
  }

  async #open(options: TmuxOptions): Promise<void> {
    const signal = options.signal ?? AbortSignal.timeout(options.timeoutMs ?? openMs);
    if (!this.#observing) await this.#hold.take(signal);
    const runs = this.#observing ? await this.#session.watch({ signal }) : await this.#session.attach({ signal });
    if (!runs) return;
    this._moved('running', 'its pane was found');
    if (!this.#observing) this.#interrupts.serve(() => this.interrupt());
  }

  #tookOver(active: boolean): void {
    this._log('info', active ? 'takeover.begun' : 'takeover.ended');
    this.#takeovers.tell(active);
  }
}
