import { randomBytes } from 'node:crypto';
import type { Call } from '@ccb/instance-interface/abstract';
import type { Control, TmuxCommand } from '../control/control.ts';
import { inTurn } from '../control/server-lock.ts';
import { TmuxCommandError } from '../control/tmux-command-error.ts';
import type { Mark } from '../marks/mark.ts';
import { MarkSplitter } from '../marks/mark-splitter.ts';
import type { Launch } from '../programs/program.ts';
import { LaunchFifo } from './launch-fifo.ts';
import { readLaunch, writeLaunch } from './launch-record.ts';
import { MarkWaiter } from './mark-waiter.ts';
import type { Pane, PaneListener } from './pane.ts';
import { PaneOutput } from './pane-output.ts';
import { paneSize } from './pane-size.ts';
import { findPane, paneOfSession } from './panes.ts';
import type { ProgramEnd } from './program-end.ts';
import { cannotBeAdopted, notLaunched, refusedByTmux } from './refusals.ts';

/** Where a pane is, and what is ours of it. */
export interface PanePlace {
  /** The instance's name, for errors. */
  readonly name: string;
  readonly instanceId: string;
  readonly session: string;
  /** The session was there before. */
  readonly adopted: boolean;
  /** Prefix of its FIFOs. */
  readonly pipes: string;
  /** The directory of its launch record. */
  readonly state: string;
  /** The launcher's script. */
  readonly launcher: string;
}

/** A pane of ours: made, launched into and read by this process. */
export class TmuxPane implements Pane {
  readonly #control: Control;
  readonly #place: PanePlace;
  readonly #output: PaneOutput;
  readonly #fifo: LaunchFifo;
  readonly #splitter: MarkSplitter;
  #listener: PaneListener | undefined;
  #id = '';
  #nonce = '';
  #pid: number | undefined;
  #closed = false;
  #buffers = 0;
  readonly #awaited = new MarkWaiter();

  constructor(control: Control, place: PanePlace) {
    this.#control = control;
    this.#place = place;
    this.#output = new PaneOutput(`${place.pipes}.out.fifo`);
    this.#fifo = new LaunchFifo(`${place.pipes}.launch.fifo`);
    this.#splitter = new MarkSplitter({
      data: (bytes) => this.#listener?.data(bytes),
      mark: (mark) => this.#mark(mark),
    });
  }

  get id(): string {
    return this.#id;
  }

  /** What the marks of its program carry. */
  get nonce(): string {
    return this.#nonce;
  }

  get pid(): number | undefined {
    return this.#pid;
  }

  listen(listener: PaneListener): void {
    this.#listener = listener;
  }

  /**
   * Makes session and pane, and launches the program. Pane and pipe are born in one turn of the server: no output is missed.
   * @throws {InstanceError} CCB_NAME_TAKEN, CCB_BACKEND_UNREACHABLE, CCB_PROGRAM_EXITED
   */
  async create(launch: Launch, nonce: string, call: Call): Promise<void> {
    const { session, instanceId } = this.#place;
    const target = `=${session}:`;
    await this.#open();
    await this.#launch(launch, nonce, call, async (argv, hook, token) => {
      const { columns, rows } = paneSize;
      // Only the making: the launch that follows takes as long as the program.
      const make = (): Promise<readonly (readonly string[])[]> =>
        this.#run(
          [
            [
              ...(['new-session', '-d', '-P', '-F', '#{pane_id}', '-s', session] as const),
              ...['-x', String(columns), '-y', String(rows), ...argv],
            ],
            ['set-option', '-p', '-t', target, '@ccb', instanceId],
            ['set-option', '-w', '-t', target, 'remain-on-exit', 'on'],
            // A person with a smaller terminal would make it smaller for the program.
            ['set-option', '-w', '-t', target, 'window-size', 'manual'],
            ['set-option', '-w', '-t', target, 'automatic-rename', 'off'],
            ['set-hook', '-p', '-t', target, 'pane-died', hook],
            ['pipe-pane', '-O', '-t', target, this.#output.command(token)],
          ],
          call,
        );
      const [reply] = await inTurn(this.#control.server.socket, call, make);
      this.#id = reply?.[0] ?? '';
    });
  }

  /** Launches the program again in the same pane, whatever became of the last one. */
  async relaunch(launch: Launch, nonce: string, call: Call): Promise<void> {
    await this.#launch(launch, nonce, call, async (argv, hook) => {
      await this.#run(
        [
          ['set-hook', '-p', '-t', this.#id, 'pane-died', hook],
          ['respawn-pane', '-k', '-t', this.#id, ...argv],
        ],
        call,
      );
    });
  }

  /**
   * Takes a pane that another host launched, by its label: from now on its output is read here.
   * @returns false when there is none, or its program is gone
   */
  async attach(call: Call): Promise<boolean> {
    if (this.#place.adopted) return await this.#adopt(call);
    const found = await findPane(this.#control, this.#place.instanceId, call);
    const launched = readLaunch(this.#place.state);
    if (found === undefined) return false;
    this.#id = found.id;
    if (found.dead || launched === undefined || !launched.alive) return false;
    this.#nonce = launched.nonce;
    this.#splitter.nonce = launched.nonce;
    this.#pid = launched.pid;
    await this.#open();
    await this.#run([['pipe-pane', '-O', '-t', found.id, this.#output.command(launched.nonce)]], call);
    return true;
  }

  async paste(bytes: Buffer | string, call?: Call): Promise<void> {
    this.#buffers += 1;
    const buffer = `ccb${this.#id.slice(1)}-${process.pid}-${this.#buffers}`;
    await this.#run(
      [
        ['set-buffer', '-b', buffer, '--', bytes],
        ['paste-buffer', '-r', '-d', '-b', buffer, '-t', this.#id],
      ],
      call,
    );
  }

  async capture(options: { readonly scrollback?: number; readonly escapes?: boolean }, call?: Call): Promise<string> {
    const flags = options.escapes ? ['-p', '-J', '-e'] : ['-p', '-J'];
    const [lines] = await this.#run(
      [['capture-pane', ...flags, '-S', String(-(options.scrollback ?? 0)), '-t', this.#id]],
      call,
    );
    return (lines ?? []).map((line) => `${line}\n`).join('');
  }

  /** Stops reading; the pane goes on. */
  async detach(call: Call): Promise<void> {
    this.#closed = true;
    try {
      if (this.#id !== '') await this.#run([['pipe-pane', '-t', this.#id]], call);
    } finally {
      this.release();
    }
  }

  /** Everything of this process: descriptors. */
  release(): void {
    this.#closed = true;
    this.#output.close();
    this.#fifo.close();
  }

  /** The server or the way to it is gone. */
  down(reason: string): void {
    this.#ended({ kind: 'closed', reason });
    this.release();
  }

  /** @throws {InstanceError} CCB_BACKEND_UNREACHABLE, CCB_NAME_TAKEN, CCB_NOT_FOUND */
  async #run(commands: readonly TmuxCommand[], call?: Call): Promise<readonly (readonly string[])[]> {
    try {
      return await this.#control.run(commands, call);
    } catch (error) {
      throw error instanceof TmuxCommandError ? refusedByTmux(this.#place, error) : error;
    }
  }

  /** @throws {InstanceError} CCB_LOCKED where somebody else reads its output already */
  async #adopt(call: Call): Promise<boolean> {
    const { session, instanceId } = this.#place;
    const found = await paneOfSession(this.#control, session, call);
    if (found === undefined || found.dead) return false;
    if (found.instanceId !== instanceId && (found.instanceId !== '' || found.piped)) {
      const whose =
        found.instanceId === '' ? 'its output is piped elsewhere already' : 'another instance has adopted it';
      throw cannotBeAdopted(this.#place, whose);
    }
    this.#id = found.id;
    this.#nonce = randomBytes(12).toString('hex');
    this.#splitter.nonce = this.#nonce;
    await this.#open();
    await this.#run(
      [
        ['set-option', '-p', '-t', found.id, '@ccb', instanceId],
        ['pipe-pane', '-O', '-t', found.id, this.#output.command(this.#nonce)],
      ],
      call,
    );
    return true;
  }

  async #open(): Promise<void> {
    await this.#output.open(
      (chunk) => this.#splitter.push(chunk),
      () => void this.#pipeEnded(),
    );
  }

  async #launch(
    launch: Launch,
    nonce: string,
    call: Call,
    begin: (argv: readonly string[], hook: string, token: string) => Promise<void>,
  ): Promise<void> {
    const token = randomBytes(12).toString('hex');
    this.#pid = undefined;
    this.#splitter.flush();
    this.#splitter.nonce = token;
    await this.#fifo.open();
    const { launcher } = this.#place;
    const kept = 'exec env -i TERM="$TERM" TMUX="$TMUX" TMUX_PANE="$TMUX_PANE" /bin/sh "$@"';
    try {
      const asked = this.#awaited.when('H', call);
      asked.catch(() => {});
      await begin(['/bin/sh', '-c', kept, 'sh', launcher, this.#fifo.path, token], this.#hook(nonce), token);
      await asked;
      this.#nonce = nonce;
      this.#splitter.nonce = nonce;
      const launched = this.#awaited.when('L', call);
      launched.catch(() => {});
      this.#fifo.give(launch, nonce);
      const mark = await launched;
      this.#pid = Number(mark.fields[0]);
      writeLaunch(this.#place.state, { nonce, pid: this.#pid });
    } finally {
      this.#fifo.close();
    }
  }

  /** Where nobody is left to tell of an end, tmux does. */
  #hook(nonce: string): string {
    const path = `${this.#place.pipes}.out.fifo`.replaceAll("'", `'\\''`).replaceAll('#', '##');
    const tell = `printf '\\033]133;X;lost;k=${nonce}\\007' 1<>'${path}'`;
    return `run-shell -b "${tell.replaceAll(/["\\$]/g, '\\$&')}"`;
  }

  #mark(mark: Mark): void {
    if (mark.kind === 'S') this.#output.begun();
    else if (this.#awaited.take(mark)) return;
    else if (mark.kind === 'X') {
      const [status = ''] = mark.fields;
      this.#ended(
        /^\d+$/.test(status)
          ? { kind: 'exited', status: Number(status) }
          : { kind: 'lost', reason: 'the process in its pane was killed' },
      );
    } else if (mark.kind !== 'H' && mark.kind !== 'L') this.#listener?.mark(mark);
  }

  #ended(end: ProgramEnd): void {
    this.#pid = undefined;
    if (this.#awaited.isWaiting) this.#awaited.fail(notLaunched(this.#place, end));
    else this.#listener?.ended(end);
  }

  async #pipeEnded(): Promise<void> {
    if (this.#closed) return;
    this.#splitter.flush();
    try {
      const found = await findPane(this.#control, this.#place.instanceId, { signal: AbortSignal.timeout(5_000) });
      if (this.#closed) return;
      if (found === undefined) {
        this.down('its tmux pane was closed');
        return;
      }
      this.#listener?.cut?.();
      await this.#open();
      await this.#run([['pipe-pane', '-O', '-t', this.#id, this.#output.command(this.#nonce)]]);
      this.#listener?.gap?.();
    } catch {
      // The control client tells why nobody answers.
    }
  }
}
