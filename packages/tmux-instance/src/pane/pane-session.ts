import { randomBytes } from 'node:crypto';
import { endStrays } from '@ccb/container-agent';
import { InstanceError } from '@ccb/instance-interface';
import { anySignal, type Call } from '@ccb/instance-interface/abstract';
import type { Control, Reply, TmuxCommand, TmuxServer } from '../control/control.ts';
import { acquireControl } from '../control/shared-control.ts';
import { programEnded } from '../programs/exits.ts';
import type { PaneProgram } from '../programs/program.ts';
import { readLaunch } from './launch-record.ts';
import { type FoundPane, findPane } from './panes.ts';
import type { ProgramEnd } from './program-end.ts';
import { type PanePlace, TmuxPane } from './tmux-pane.ts';

/** How long a relaunch may take, in ms. */
const relaunchMs = 30_000;

/** What a session tells of itself. */
export interface PaneSessionHost {
  /** The program is there again, after its end. */
  restarted(end: ProgramEnd): void;
  /** What carries its output died, or is there again. */
  carrier(isThere: boolean): void;
  /** It is gone and does not come back by itself. */
  gone(to: 'stopped' | 'failed', reason: string, error?: InstanceError): void;
}

/** Pane and program of one instance: made or found, kept alive, ended. */
export class PaneSession {
  readonly #server: TmuxServer;
  readonly #place: PanePlace;
  readonly #program: PaneProgram;
  readonly #setNonce: (nonce: string) => void;
  readonly #host: PaneSessionHost;
  #control: Control | undefined;
  #pane: TmuxPane | undefined;
  /** Settles when the program awaits commands again. */
  #ready: Promise<void> = Promise.resolve();
  /** The program has been ready since its last launch: it is worth another one. */
  #wasReady = false;
  #ending = false;
  #failLaunch: ((end: ProgramEnd) => void) | undefined;
  #watchedPid: number | undefined;
  #whenEnded: (() => void) | undefined;

  constructor(
    server: TmuxServer,
    place: PanePlace,
    program: PaneProgram,
    setNonce: (nonce: string) => void,
    host: PaneSessionHost,
  ) {
    this.#server = server;
    this.#place = place;
    this.#program = program;
    this.#setNonce = setNonce;
    this.#host = host;
  }

  /** The program's process, where it runs. */
  get pid(): number | undefined {
    return this.#pane === undefined ? this.#watchedPid : this.#pane.pid;
  }

  /** Takes the pane of a program that runs. @returns false when none does, or its server is not there */
  async attach(call: Call): Promise<boolean> {
    this.#ending = false;
    // Where no server answers none is started for a look.
    const control = await this.#look(call);
    if (control === undefined) return false;
    const pane = this.#newPane(control);
    if (!(await pane.attach(call))) {
      pane.release();
      return false;
    }
    this.#use(pane);
    this.#setNonce(pane.nonce);
    await this.#program.ready(pane, 'reattached', call);
    this.#wasReady = true;
    return true;
  }

  /** Program and pane are there and await commands afterwards. */
  async start(call: Call): Promise<void> {
    if (await this.attach(call)) return;
    if (this.#place.adopted) throw this.#notThere();
    const control = await this.#connect(this.#server, call);
    const left = await findPane(control, this.#place.instanceId, call);
    if (left !== undefined) await control.run([['kill-pane', '-t', left.id]], call);
    endStrays(this.#place.instanceId);
    const pane = this.#newPane(control);
    this.#use(pane);
    await this.#launch((launch, nonce) => pane.create(launch, nonce, call), pane, call);
  }

  /** Resolves when the program awaits commands, after a restart too. */
  whenReady(): Promise<void> {
    return this.#ready;
  }

  /** Looks on beside the holder, and reads nothing. @returns false when no program runs */
  async watch(call: Call): Promise<boolean> {
    const found = await this.find(call);
    const launched = readLaunch(this.#place.state);
    if (found === undefined || found.dead || !launched?.alive) return false;
    this.#watchedPid = launched.pid;
    return true;
  }

  /** The pane, where there is one. @throws {InstanceError} when tmux does not answer */
  async find(call: Call): Promise<FoundPane | undefined> {
    const control = this.#control ?? (await this.#look(call));
    return control === undefined ? undefined : await findPane(control, this.#place.instanceId, call);
  }

  /** @throws {InstanceError} CCB_BACKEND_UNREACHABLE */
  async run(commands: readonly TmuxCommand[], call?: Call): Promise<readonly Reply[]> {
    if (this.#control !== undefined) return await this.#control.run(commands, call);
    const { name: instance } = this.#place;
    throw new InstanceError('CCB_BACKEND_UNREACHABLE', `${instance}: its tmux server is gone.`, { instance });
  }

  /** What the terminal shows. */
  async screen(call: Call): Promise<string> {
    const found = await this.find(call);
    if (found !== undefined) {
      const [lines = []] = await this.run([['capture-pane', '-p', '-J', '-t', found.id]], call);
      return lines.map((line) => `${line}\n`).join('');
    }
    throw this.#stopped();
  }

  /** Keys, as they are. */
  async press(keys: string | Buffer, call: Call): Promise<void> {
    if (this.#pane === undefined) throw this.#stopped();
    await this.#pane.paste(keys, call);
  }

  #stopped(): InstanceError {
    const { name: instance } = this.#place;
    const message = `${instance}: it has no pane while it is stopped. Start it first.`;
    return new InstanceError('CCB_INVALID_STATE', message, { instance });
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
        stop();
        resolve();
      });
      signal.addEventListener(
        'abort',
        () => {
          stop();
          reject(signal.reason);
        },
        { once: true },
      );
    });
  }

  /** Ends program, pane and strays: politely, then after `graceMs` for certain. */
  async end(graceMs: number, call: Call): Promise<void> {
    this.#ending = true;
    if (this.#place.adopted) {
      await this.#giveBack(call);
      return;
    }
    await this.#hangUp(graceMs, call);
    try {
      const found = await this.find(call);
      if (found !== undefined) await this.run([['kill-pane', '-t', found.id]], call);
    } catch (error) {
      if (!InstanceError.is(error, 'CCB_BACKEND_UNREACHABLE')) throw error;
    } finally {
      endStrays(this.#place.instanceId);
      await this.#letGo();
    }
  }

  /** Lets go: the program goes on. */
  async detach(call: Call): Promise<void> {
    this.#ending = true;
    try {
      await this.#pane?.detach(call);
    } catch (error) {
      if (!InstanceError.is(error)) throw error;
    } finally {
      await this.#letGo();
    }
  }

  /** A session that was there before stays, without anything of ours. */
  async #giveBack(call: Call): Promise<void> {
    try {
      const found = await this.find(call);
      if (found !== undefined) {
        await this.run(
          [
            ['pipe-pane', '-t', found.id],
            ['set-option', '-pu', '-t', found.id, '@ccb'],
          ],
          call,
        );
      }
    } catch (error) {
      if (!InstanceError.is(error, 'CCB_BACKEND_UNREACHABLE')) throw error;
    } finally {
      await this.#letGo();
    }
  }

  #notThere(): InstanceError {
    const { name: instance, session } = this.#place;
    const message = `${instance}: there is no tmux session ${session} with a living program. Start it, or adopt another one.`;
    return new InstanceError('CCB_NOT_FOUND', message, { instance });
  }

  /** A connection for looking, to a server that runs; undefined: none does. */
  async #look(call: Call): Promise<Control | undefined> {
    try {
      return await this.#connect({ ...this.#server, owner: 'person' }, call);
    } catch (error) {
      if (InstanceError.is(error, 'CCB_BACKEND_UNREACHABLE')) return undefined;
      throw error;
    }
  }

  async #connect(server: TmuxServer, call: Call): Promise<Control> {
    if (this.#control !== undefined) return this.#control;
    const control = await acquireControl(server, call);
    this.#control = control;
    control.onDown((error) => {
      if (this.#control !== control) return;
      this.#control = undefined;
      const pane = this.#pane;
      this.#pane = undefined;
      if (!this.#ending) this.#host.gone('failed', error.message, error);
      pane?.down(error.message);
      void control.release();
    });
    return control;
  }

  #newPane(control: Control): TmuxPane {
    return new TmuxPane(control, this.#place);
  }

  #use(pane: TmuxPane): void {
    this.#pane = pane;
    pane.listen({
      data: (bytes) => this.#program.data(bytes),
      mark: (mark) => this.#program.mark(mark),
      cut: () => this.#host.carrier(false),
      gap: () => {
        this.#program.gap?.();
        this.#host.carrier(true);
      },
      ended: (end) => this.#ended(pane, end),
    });
  }

  #ended(pane: TmuxPane, end: ProgramEnd): void {
    this.#whenEnded?.();
    if (end.kind === 'closed' && this.#pane === pane && !this.#ending) {
      this.#pane = undefined;
      this.#host.gone('stopped', end.reason);
    }
    this.#program.ended(end);
    if (end.kind === 'closed' || this.#ending) return;
    if (!this.#wasReady) {
      this.#failLaunch?.(end);
      return;
    }
    this.#wasReady = false;
    this.#ready = this.#relaunch(pane, end);
    this.#ready.catch(() => {});
  }

  async #relaunch(pane: TmuxPane, end: ProgramEnd): Promise<void> {
    const call = { signal: AbortSignal.timeout(relaunchMs) };
    try {
      await this.#launch((launch, nonce) => pane.relaunch(launch, nonce, call), pane, call);
      this.#host.restarted(end);
    } catch (cause) {
      const error = InstanceError.is(cause)
        ? cause
        : new InstanceError('CCB_PROGRAM_EXITED', `${this.#place.name}: its program did not come back.`, { cause });
      if (!this.#ending) this.#host.gone('failed', error.message, error);
      throw error;
    }
  }

  async #launch(
    begin: (launch: Awaited<ReturnType<PaneProgram['launch']>>, nonce: string) => Promise<void>,
    pane: TmuxPane,
    call: Call,
  ): Promise<void> {
    const nonce = randomBytes(12).toString('hex');
    this.#setNonce(nonce);
    const ended = new AbortController();
    this.#failLaunch = (end) => ended.abort(programEnded(this.#place.name, 'the program', end));
    try {
      await begin(await this.#program.launch(), nonce);
      await this.#program.ready(pane, 'launched', { signal: anySignal(call.signal, ended.signal) });
    } finally {
      this.#failLaunch = undefined;
    }
    this.#wasReady = true;
    this.#ready = Promise.resolve();
  }

  async #hangUp(graceMs: number, { signal }: Call): Promise<void> {
    const pid = this.#pane?.pid;
    if (pid === undefined || graceMs === 0) return;
    const ended = new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, graceMs);
      this.#whenEnded = () => {
        clearTimeout(timer);
        resolve();
      };
      signal.addEventListener('abort', this.#whenEnded, { once: true });
    });
    try {
      process.kill(pid, 'SIGHUP');
    } catch {
      return;
    }
    await ended;
  }

  async #letGo(): Promise<void> {
    const [pane, control] = [this.#pane, this.#control];
    this.#pane = undefined;
    this.#control = undefined;
    pane?.release();
    this.#program.dispose();
    await control?.release();
  }
}
