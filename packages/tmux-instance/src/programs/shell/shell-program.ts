import { Utf8Decoder } from '@ccb/container-agent';
import { type Capabilities, InstanceError } from '@ccb/instance-interface';
import type { Call, Command, RunEnd } from '@ccb/instance-interface/abstract';
import type { Mark } from '../../marks/mark.ts';
import type { Pane } from '../../pane/pane.ts';
import type { ProgramEnd } from '../../pane/program-end.ts';
import { programEnded } from '../exits.ts';
import type { Launch, PaneProgram, RunUpdate, Surroundings } from '../program.ts';
import { Prompt } from '../prompt.ts';
import { within } from '../within.ts';
import { commandInput, typed } from './command-input.ts';
import { FlowControl } from './flow-control.ts';
import { jobOf, signalJob, signalShell, terminalOf } from './foreground.ts';
import { readCount, writeCount } from './in-flight.ts';
import { lastPrompt, shellLaunch } from './shell-launch.ts';
import { ShellTurn } from './shell-turn.ts';
import { terminalModes } from './terminal-modes.ts';
import { Typing } from './typing.ts';

const interruptKey = '\x03';
/** How long a shell may take to notice that its child was killed, in ms. */
const killMs = 3_000;
/** How long a shell may take to draw the prompt again that a signal has hit, in ms. */
const settleMs = 500;
/** 128 + SIGINT */
const INTERRUPTED = 130;
/** How long a program may take to obey a signal before it is tried otherwise, in ms. */
const obeyMs = 1_000;

/** An interactive bash: exact output and status of each command, by the marks around its prompts. */
export class ShellProgram implements PaneProgram {
  readonly capabilities: Partial<Capabilities> = {
    interrupt: true,
    exitCode: true,
    exactOutput: true,
    detach: true,
  };
  readonly #surroundings: Surroundings;
  readonly #rc: string;
  readonly #prompt = new Prompt();
  readonly #typing: Typing;
  #pane: Pane | undefined;
  #turn: ShellTurn | undefined;
  #count = 0;
  #amidOther = false;
  /** A signal to the shell that may come when its command has ended: another prompt follows then. */
  #loose = false;
  #settling: NodeJS.Timeout | undefined;
  /** The command that was to be interrupted; perhaps before it was typed. */
  #interrupted: string | undefined;

  /** @param rc the file by which bash marks its prompts */
  constructor(surroundings: Surroundings, rc: string) {
    this.#surroundings = surroundings;
    this.#rc = rc;
    this.#typing = new Typing(surroundings);
  }

  async launch(): Promise<Launch> {
    this.#prompt.left();
    this.#count = 0;
    // Before its first prompt can be heard of.
    writeCount(this.#surroundings.state, 0);
    return shellLaunch(this.#surroundings, this.#rc, this.#surroundings.nonce());
  }

  async ready(pane: Pane, how: 'launched' | 'reattached', { signal }: Call): Promise<void> {
    this.#pane = pane;
    if (how === 'launched') {
      await this.#prompt.when(signal);
      return;
    }
    // The pipe is open already: what the file does not know yet will come through it.
    const last = lastPrompt(this.#surroundings.state);
    if (last === undefined) return;
    this.#count = last.count;
    if (last.count >= readCount(this.#surroundings.state)) {
      this.#prompt.arrived();
      return;
    }
    this.#amidOther = true;
    // A host that died amid its sending may not have sent it.
    this.#settling = setTimeout(() => this.#lookForPrompt(), settleMs);
  }

  async *run(command: Command): AsyncGenerator<RunUpdate, RunEnd, void> {
    // A shell that died before it took the line has run nothing: its successor gets it.
    for (;;) {
      const end = yield* this.#runOnce(command);
      if (end !== undefined) return end;
    }
  }

  async *#runOnce(command: Command): AsyncGenerator<RunUpdate, RunEnd | undefined, void> {
    const pane = this.#pane as Pane;
    await this.#mayType(pane, command.signal);
    if (this.#interrupted === command.id) return { success: false, completedBy: 'cancel' };
    const turn = new ShellTurn(this.#flowControl(pane));
    this.#turn = turn;
    this.#prompt.left();
    try {
      writeCount(this.#surroundings.state, this.#count + 1);
      const line = commandInput(command.text, this.#surroundings.state);
      await pane.paste(typed(line), { signal: command.signal });
      const decoder = new Utf8Decoder();
      for (;;) {
        const chunk = await turn.output.next(command.signal);
        const pieces = chunk === undefined ? decoder.flush() : decoder.push(chunk);
        for (const { text, bytes } of pieces) yield bytes === undefined ? text : { type: 'text', text, bytes };
        if (chunk === undefined) break;
      }
      if (turn.end?.completedBy === 'exit') yield restarted(turn.end);
      return turn.end;
    } catch (error) {
      // A command that is only let go runs on.
      if (command.signal.aborted && this.#interrupted === command.id) await this.#giveUp(turn);
      throw error;
    } finally {
      turn.abandon(new Error('nobody reads it'));
      if (!turn.begun) writeCount(this.#surroundings.state, this.#count);
      if (this.#turn === turn) this.#turn = undefined;
    }
  }

  async interrupt(command: Command, { signal }: Call): Promise<void> {
    this.#interrupted = command.id;
    const turn = this.#turn;
    if (turn === undefined) return;
    turn.givenUp = true;
    turn.interrupted();
    await within(turn.whenTaken, obeyMs, signal);
    for (let tries = 0; tries < 2 && turn.begun && this.#turn === turn; tries += 1) {
      this.#signalInterrupt();
      await within(turn.whenOver, obeyMs, signal);
    }
    if (turn.output.ended || this.#turn !== turn) return;
    // The key throws away what is on its way through the terminal, both ways; a line editor, or a program that reads keys,
    // knows nothing else.
    turn.keyPressed();
    await this.#pane?.paste(interruptKey, { signal });
  }

  get amidOther(): boolean {
    return this.#amidOther;
  }

  async interruptOther({ signal }: Call): Promise<void> {
    this.#signalInterrupt();
    await this.#prompt.when(signal);
  }

  data(bytes: Buffer): void {
    if (this.#turn !== undefined) this.#turn.data(bytes);
    else if (this.#prompt.isThere) this.#typing.seen();
  }

  mark({ kind, fields }: Mark): void {
    const turn = this.#turn;
    switch (kind) {
      case 'C':
        if (turn !== undefined && !turn.begun) turn.begin();
        else if (this.#prompt.isThere) {
          this.#prompt.left();
          this.#typing.ran();
        }
        return;
      case 'D':
        turn?.close(Number(fields[0]));
        return;
      case 'P':
        if (turn !== undefined && !turn.begun) this.#unfinished(turn);
        return;
      case 'B':
        this.#prompted(Number(fields[0]), Number(fields[1]));
        return;
    }
  }

  ended(end: ProgramEnd): void {
    clearTimeout(this.#settling);
    this.#loose = false;
    this.#amidOther = false;
    this.#prompt.left();
    this.#typing.over();
    const turn = this.#turn;
    this.#turn = undefined;
    if (turn === undefined) return;
    if (end.kind === 'exited' && end.status <= 128) turn.finish(end.status, 'exit');
    else if (turn.begun || turn.givenUp || end.kind === 'closed')
      turn.abandon(programEnded(this.#surroundings.name, 'the shell', end));
    else turn.withdraw();
  }

  gap(): void {
    // The prompt may have come while nobody carried it.
    const last = lastPrompt(this.#surroundings.state);
    const over = last !== undefined && last.count > this.#count;
    const turn = this.#turn;
    if (turn === undefined) {
      if (over) this.#prompted(last.status, last.count);
      return;
    }
    const { name } = this.#surroundings;
    const message = `${name}: what carried the output of its pane was killed, and some of it is lost. The command was ended.`;
    turn.fail(new InstanceError('CCB_AGENT_LOST', message, { instance: name, retryable: true }));
    turn.lost();
    if (over) this.#prompted(last.status, last.count);
    else this.#signalInterrupt();
  }

  dispose(): void {
    clearTimeout(this.#settling);
    this.#prompt.left();
    this.#turn?.abandon(new InstanceError('CCB_CLOSED', `${this.#surroundings.name}: this handle was let go.`));
    this.#turn = undefined;
  }

  /** A line editor that awaits keys has the terminal in its own mode; what runs has it in the usual one. */
  async #lookForPrompt(): Promise<void> {
    const terminal = terminalOf(this.#pane?.pid);
    if (terminal === undefined || !this.#amidOther) return;
    const { usual } = await terminalModes(terminal);
    const last = lastPrompt(this.#surroundings.state);
    // A pager or an editor has it in such a mode too, but runs as a job.
    const isPrompt = !usual && jobOf(this.#pane?.pid) === undefined;
    if (!isPrompt || !this.#amidOther || last === undefined) return;
    writeCount(this.#surroundings.state, last.count);
    this.#prompted(last.status, last.count);
  }

  /** To the job in the foreground, else to the shell itself. */
  #signalInterrupt(): void {
    const shell = this.#pane?.pid;
    if (signalJob(shell, 'SIGINT')) return;
    // If what ran ends in this moment it hits the prompt.
    if (signalShell(shell, 'SIGINT')) this.#loose = true;
  }

  async #mayType(pane: Pane, signal: AbortSignal): Promise<void> {
    this.#typing.assertFree(this.#prompt.isThere);
    await this.#prompt.when(signal);
    await this.#typing.mayType(signal, async () => {
      this.#prompt.left();
      await pane.paste(interruptKey, { signal });
      await this.#prompt.when(signal);
    });
  }

  #flowControl(pane: Pane): FlowControl {
    return new FlowControl({
      name: this.#surroundings.name,
      pane: () => pane,
      terminal: () => terminalOf(pane.pid),
      overflow: (error) => void this.#endUnread(error),
    });
  }

  /** More is unread than may be kept. */
  async #endUnread(error: InstanceError): Promise<void> {
    const turn = this.#turn;
    if (turn === undefined) return;
    turn.fail(error);
    this.#signalInterrupt();
    await within(turn.whenOver, obeyMs, AbortSignal.timeout(killMs));
    if (!turn.output.ended) await this.#giveUp(turn);
  }

  /** Its text is incomplete, and the shell asks for more. */
  #unfinished(turn: ShellTurn): void {
    const { name } = this.#surroundings;
    const message = `${name}: the command is not finished: a quote, bracket or here-document is open.`;
    turn.fail(new InstanceError('CCB_COMMAND_FAILED', message, { instance: name }));
    turn.givenUp = true;
    void this.#pane?.paste(interruptKey).catch(() => {});
  }

  /** It ignored the key: what runs in the foreground is killed, and the next prompt, or the end of the shell, awaited. */
  async #giveUp(turn: ShellTurn): Promise<void> {
    turn.givenUp = true;
    const shell = this.#pane?.pid;
    if (!signalJob(shell, 'SIGKILL')) signalShell(shell, 'SIGKILL');
    await this.#prompt.when(AbortSignal.timeout(killMs)).catch(() => {});
  }

  #prompted(status: number, count: number): void {
    const turn = this.#turn;
    if (turn !== undefined) {
      // Before it was taken a line editor may draw its prompt again, as often as it likes.
      if (!turn.begun && !turn.givenUp) return;
      this.#turn = undefined;
      turn.finish(turn.begun ? status : undefined);
    }
    this.#count = count;
    this.#typing.over();
    if (turn === undefined && count < readCount(this.#surroundings.state)) return;
    this.#amidOther = false;
    clearTimeout(this.#settling);
    const loose = this.#loose && status !== INTERRUPTED;
    this.#loose = false;
    if (loose) this.#settling = setTimeout(() => this.#prompt.arrived(), settleMs);
    else this.#prompt.arrived();
  }
}

function restarted({ exitCode }: RunEnd): RunUpdate {
  return {
    type: 'status',
    status: 'restarted',
    message: `the shell exited with status ${exitCode}, and is started again`,
  };
}
