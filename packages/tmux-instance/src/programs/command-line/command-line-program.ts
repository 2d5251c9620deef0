import { Utf8Decoder } from '@ccb/container-agent';
import { type Capabilities, InstanceError } from '@ccb/instance-interface';
import type { Call, Command, RunEnd } from '@ccb/instance-interface/abstract';
import { type CompletionChoice, completionsOf } from '../../completion/completion-choice.ts';
import type { CompletionDetector } from '../../completion/completion-detector.ts';
import type { Mark } from '../../marks/mark.ts';
import { NewlineUndo } from '../../marks/newline-undo.ts';
import type { Pane } from '../../pane/pane.ts';
import { paneSize } from '../../pane/pane-size.ts';
import type { ProgramEnd } from '../../pane/program-end.ts';
import { TerminalScreen } from '../../screen/terminal-screen.ts';
import { programEnded } from '../exits.ts';
import type { Launch, PaneProgram, RunUpdate, Surroundings } from '../program.ts';
import { Prompt } from '../prompt.ts';
import { LineTurn } from './line-turn.ts';

const interruptKey = '\x03';
/** Unread output of one command; beyond it the command is ended, since nothing can make the program wait. */
const limitBytes = 64 * 1024 * 1024;
const nothing: Buffer = Buffer.alloc(0);

/** Any program that reads lines: what is typed is a command, and detectors say when its answer is complete. */
export class CommandLineProgram implements PaneProgram {
  readonly capabilities: Partial<Capabilities>;
  readonly #surroundings: Surroundings;
  readonly #launch: (() => Launch) | undefined;
  readonly #choices: readonly CompletionChoice[];
  readonly #prompt = new Prompt();
  #screen: TerminalScreen | undefined;
  #detectors: readonly CompletionDetector[] = [];
  #pane: Pane | undefined;
  #turn: LineTurn | undefined;
  /** The bytes are looked at one piece after the other, each when the screen shows it. */
  #looking: Promise<void> = Promise.resolve();
  #silence: NodeJS.Timeout | undefined;

  /** @param launch undefined: the program was there before, and is not launched */
  constructor(surroundings: Surroundings, launch: (() => Launch) | undefined, choices: readonly CompletionChoice[]) {
    this.#surroundings = surroundings;
    this.#launch = launch;
    this.#choices = choices;
    this.capabilities = {
      interrupt: true,
      detach: true,
      exitCode: choices.includes('osc133') || choices.includes('exit'),
    };
  }

  async launch(): Promise<Launch> {
    this.#prompt.left();
    // What it writes first is looked at as well.
    await this.#renew();
    if (this.#launch === undefined) throw new TypeError('an adopted program is not launched');
    return this.#launch();
  }

  async ready(pane: Pane, how: 'launched' | 'reattached', { signal }: Call): Promise<void> {
    this.#pane = pane;
    if (how === 'reattached') {
      await this.#renew();
      // What its last command does cannot be told: it is taken for over.
      await this.#screen?.write((await pane.capture({ escapes: true }, { signal })).trimEnd().replaceAll('\n', '\r\n'));
      this.#prompt.arrived();
    } else if (this.#detectors.length === 0 && !this.#marks) this.#prompt.arrived();
    else this.#awaitSilence(() => this.#prompt.arrived());
    await this.#prompt.when(signal);
  }

  async *run(command: Command): AsyncGenerator<RunUpdate, RunEnd, void> {
    const pane = this.#pane as Pane;
    await this.#prompt.when(command.signal);
    this.#prompt.left();
    const { text } = command;
    const turn = new LineTurn(text, limitBytes, (error) => this.#overflow(error));
    this.#detectors = completionsOf(this.#choices).detectors;
    for (const detector of this.#detectors) detector.feed(nothing, this.#view);
    this.#turn = turn;
    try {
      const typed = this.#screen?.bracketedPaste
        ? `\x1b[200~${text.replaceAll('\x1b[201~', '')}\x1b[201~\r`
        : `${text.replaceAll('\n', '\r')}\r`;
      await pane.paste(typed, { signal: command.signal });
      const undo = new NewlineUndo();
      const decoder = new Utf8Decoder();
      for (;;) {
        const chunk = await turn.output.next(command.signal);
        const bytes = chunk === undefined ? undo.flush() : undo.push(chunk);
        const pieces = [...decoder.push(bytes), ...(chunk === undefined ? decoder.flush() : [])];
        for (const piece of pieces) yield turn.echo.push(piece.text);
        if (chunk === undefined) break;
      }
      const { end } = turn;
      if (end === undefined) throw new TypeError('a turn ended without an end');
      // The line that the cursor is on is the prompt, where a prompt says the end.
      if (end.completedBy !== 'promptRegex') yield turn.echo.rest();
      return end;
    } finally {
      turn.fail(new Error('nobody reads it'));
      if (this.#turn === turn) this.#turn = undefined;
    }
  }

  async interrupt(_command: Command, call: Call): Promise<void> {
    await this.#pane?.paste(interruptKey, call);
  }

  data(bytes: Buffer): void {
    // After the mark of its end the next prompt is drawn.
    if (this.#turn?.status === undefined) this.#turn?.output.push(bytes);
    const copy = Buffer.from(bytes);
    this.#looking = this.#looking.then(() => this.#look(copy));
  }

  mark({ kind, fields }: Mark): void {
    if (!this.#marks) return;
    const turn = this.#turn;
    if (kind === 'D' && turn !== undefined) turn.status = Number(fields[0]);
    else if (kind === 'B') {
      if (turn === undefined) this.#prompt.arrived();
      else if (turn.status !== undefined) {
        this.#over({ success: turn.status === 0, completedBy: 'osc133', exitCode: turn.status });
      }
    }
  }

  ended(end: ProgramEnd): void {
    this.#prompt.left();
    const turn = this.#turn;
    if (turn === undefined) return;
    if (end.kind === 'exited' && end.status <= 128) {
      turn.finish({ success: end.status === 0, completedBy: 'exit', exitCode: end.status });
      this.#turn = undefined;
    } else turn.fail(programEnded(this.#surroundings.name, 'the program', end));
  }

  dispose(): void {
    clearTimeout(this.#silence);
    this.#turn?.fail(new InstanceError('CCB_CLOSED', `${this.#surroundings.name}: this handle was let go.`));
    this.#screen?.dispose();
    this.#screen = undefined;
  }

  async #renew(): Promise<void> {
    this.#screen?.dispose();
    this.#screen = await TerminalScreen.create(paneSize.columns, paneSize.rows);
    this.#detectors = completionsOf(this.#choices).detectors;
  }

  get #marks(): boolean {
    return this.#choices.includes('osc133');
  }

  get #view(): { readonly cursorLine: string } {
    return { cursorLine: this.#screen?.cursorLine ?? '' };
  }

  async #look(bytes: Buffer): Promise<void> {
    await this.#screen?.write(bytes);
    this.#ask(bytes);
  }

  #ask(bytes: Buffer): void {
    clearTimeout(this.#silence);
    for (const detector of this.#detectors) {
      const completion = detector.feed(bytes, this.#view);
      if (completion === undefined) continue;
      const { name: completedBy, inferred } = detector;
      this.#over({ ...completion, completedBy, inferred });
      return;
    }
    this.#awaitSilence(() => this.#ask(nothing));
  }

  #awaitSilence(then: () => void): void {
    const silences = this.#detectors.flatMap(({ silenceMs }) => silenceMs ?? []);
    if (silences.length > 0) this.#silence = setTimeout(then, Math.min(...silences));
  }

  #over(end: RunEnd): void {
    clearTimeout(this.#silence);
    const turn = this.#turn;
    this.#turn = undefined;
    turn?.finish(end);
    this.#prompt.arrived();
  }

  #overflow(error: InstanceError): void {
    this.#turn?.fail(error);
    void this.#pane?.paste(interruptKey).catch(() => {});
  }
}
