import { randomBytes } from 'node:crypto';
import { endStrays } from '@ccb/container-agent';
import { InstanceError } from '@ccb/instance-interface';
import { anySignal, type Call } from '@ccb/instance-interface/abstract';
import type { TmuxServer } from '../control/control.ts';
import { inTurn } from '../control/server-lock.ts';
import { programEnded } from '../programs/exits.ts';
import type { PaneProgram } from '../programs/program.ts';
import { hangUp } from './hang-up.ts';
import { readLaunch } from './launch-record.ts';
import { findPane } from './panes.ts';
import type { ProgramEnd } from './program-end.ts';
import { hasNoPane, nothingToAdopt } from './refusals.ts';
import { ServerLink } from './server-link.ts';
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
  readonly #socket: string;
  readonly link: ServerLink;
  readonly #place: PanePlace;
  readonly #program: PaneProgram;
  readonly #setNonce: (nonce: string) => void;
  readonly #host: PaneSessionHost;
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
    this.#place = place;
    this.#socket = server.socket;
    this.link = new ServerLink(server, place.name, place.instanceId, (error) => this.#down(error));
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
    const control = await this.link.look(call);
    if (control === undefined) return false;
    const pane = new TmuxPane(control, this.#place);
    // From its first byte on it is listened to.
    this.#use(pane);
    if (!(await pane.attach(call))) {
      this.#pane = undefined;
      pane.release();
      return false;
    }
    this.#ready = Promise.resolve();
    this.#setNonce(pane.nonce);
    await this.#program.ready(pane, 'reattached', call);
    this.#wasReady = true;
    return true;
  }

  /** Program and pane are there and await commands afterwards. */
  async start(call: Call): Promise<void> {
    if (await this.attach(call)) return;
    if (this.#place.adopted) throw nothingToAdopt(this.#place);
    const control = await this.link.connect(call);
    const left = await findPane(control, this.#place.instanceId, call);
    const { socket } = control.server;
    if (left !== undefined) await inTurn(socket, call, () => control.run([['kill-pane', '-t', left.id]], call));
    endStrays(this.#place.instanceId);
    const pane = new TmuxPane(control, this.#place);
    this.#use(pane);
    await this.#launch((launch, nonce) => pane.create(launch, nonce, call), pane, call);
  }

  /** Resolves when the program awaits commands, after a restart too. */
  whenReady(): Promise<void> {
    return this.#ready;
  }

  /** Looks on beside the holder, and reads nothing. @returns false when no program runs */
  async watch(call: Call): Promise<boolean> {
    const found = await this.link.find(call);
    const launched = readLaunch(this.#place.state);
    if (found === undefined || found.dead || !launched?.alive) return false;
    this.#watchedPid = launched.pid;
    return true;
  }

  /** What the terminal shows. */
  async screen(call: Call): Promise<string> {
    const found = await this.link.find(call);
    if (found !== undefined) {
      const [lines = []] = await this.link.run([['capture-pane', '-p', '-J', '-t', found.id]], call);
      return lines.map((line) => `${line}\n`).join('');
    }
    throw hasNoPane(this.#place);
  }

  /** Keys, as they are. */
  async press(keys: string | Buffer, call: Call): Promise<void> {
    if (this.#pane === undefined) throw hasNoPane(this.#place);
    await this.#pane.paste(keys, call);
  }

  /** Ends program, pane and strays: politely, then after `graceMs` for certain. */
  async end(graceMs: number, call: Call): Promise<void> {
    this.#ending = true;
    if (this.#place.adopted) {
      await this.#giveBack(call);
      return;
    }
    const pid = this.#pane?.pid;
    if (pid !== undefined && graceMs > 0) {
      await hangUp(pid, graceMs, call.signal, (ended) => {
        this.#whenEnded = ended;
      });
    }
    try {
      const found = await this.link.find(call);
      if (found !== undefined)
        await inTurn(this.#socket, call, () => this.link.run([['kill-pane', '-t', found.id]], call));
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
      const found = await this.link.find(call);
      if (found !== undefined) {
        await this.link.run(
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

  #down(error: InstanceError): void {
    const pane = this.#pane;
    this.#pane = undefined;
    if (!this.#ending) this.#host.gone('failed', error.message, error);
    pane?.down(error.message);
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

  async #letGo(): Promise<void> {
    const pane = this.#pane;
    this.#pane = undefined;
    pane?.release();
    this.#program.dispose();
    await this.link.release();
  }
}
