import type { RunEnd } from '@ccb/instance-interface';
import type { DriverContext, Turn } from '../driver.ts';
import { describeExit, type ProgramExit, ProgramProcess } from '../program-process.ts';
import { StderrText } from '../stderr-text.ts';
import { ClaudeTurn } from './claude-turn.ts';
import { commandLine } from './command-line.ts';
import { ControlRequests } from './control-requests.ts';
import { Interrupting } from './interrupting.ts';
import { ProgramTurns } from './program-turns.ts';
import { Questions } from './questions.ts';
import type { SessionFile } from './session-file.ts';
import { startFailure } from './start-failure.ts';
import { Ledger } from './translation/ledger.ts';
import { type ClaudeMessage, parseMessage } from './translation/message.ts';

const GARBAGE_LOGGED = 200;

export interface ClaudeLifeParts {
  readonly context: DriverContext;
  readonly executable: string;
  readonly session: SessionFile;
}

/** One Claude Code from its start to its exit, and the conversation with it. */
export class ClaudeLife {
  readonly process: ProgramProcess;
  readonly #context: DriverContext;
  readonly #session: SessionFile;
  readonly #controls: ControlRequests;
  readonly #questions: Questions;
  readonly #interrupting: Interrupting;
  readonly #turns: ProgramTurns;
  readonly #stderr: StderrText;
  readonly #ledger = new Ledger();
  #turn: ClaudeTurn | undefined;
  #sawGarbage = false;
  #sawLate = false;

  /**
   * Resolves when it can take a prompt.
   * @throws {DriverError} CCB_PROGRAM_EXITED, CCB_SESSION_LOST, CCB_PROGRAM_ARGS
   */
  static async start({ context, executable, session }: ClaudeLifeParts, signal: AbortSignal): Promise<ClaudeLife> {
    commandLine({ sessionId: '', resume: false }, context.args);
    const args = commandLine(session.next(), context.args);
    const stderr = new StderrText(context, 'claude');
    let life: ClaudeLife | undefined;
    const process = await ProgramProcess.spawn({
      name: 'claude',
      title: 'Claude Code',
      context,
      // An update in the middle of an instance's life would be another program.
      env: { DISABLE_AUTOUPDATER: '1', ...context.env },
      executable,
      args,
      onLine: (line) => life?.take(line),
      onStderr: (chunk) => stderr.push(chunk, life?.turn?.turn),
    });
    life = new ClaudeLife(process, { context, session, stderr });
    await life.#ready(signal);
    return life;
  }

  private constructor(
    process: ProgramProcess,
    parts: { readonly context: DriverContext; readonly session: SessionFile; readonly stderr: StderrText },
  ) {
    this.process = process;
    this.#context = parts.context;
    this.#session = parts.session;
    this.#stderr = parts.stderr;
    const send = (message: object): void => process.send(message);
    this.#controls = new ControlRequests(send);
    this.#questions = new Questions(send);
    this.#interrupting = new Interrupting(() => this.#controls.ask({ subtype: 'interrupt' }));
    this.#turns = new ProgramTurns(() => this.#end(droppedEnd));
    void process.exited.then((exit) => this.#exited(exit));
  }

  get turn(): ClaudeTurn | undefined {
    return this.#turn;
  }

  /** Settles at the latest when the process is gone. */
  async run(asked: Turn): Promise<RunEnd> {
    const turn = new ClaudeTurn(asked, this.#ledger);
    this.#turn = turn;
    await this.#quiet(turn);
    if (!turn.isOver) {
      this.#turns.expect(turn.uuid, asked.text);
      this.process.send(turn.prompt());
    }
    return turn.ended;
  }

  interrupt(): void {
    const turn = this.#turn;
    if (turn === undefined) return;
    if (turn.writtenAt !== undefined) {
      this.#interrupting.request();
      return;
    }
    if (this.#turns.isOwn) {
      this.#interrupting.request();
      void this.#interrupting.settled().then(() => this.#turns.forgetOwn());
    }
    this.#end({ success: false, completedBy: 'cancel', stopReason: 'cancelled' });
  }

  /** One line of its stdout. */
  take(line: string): void {
    if (line === '') return;
    const message = parseMessage(line);
    switch (message.type) {
      case 'garbage':
        this.#garbage(line);
        return;
      case 'control_response':
        this.#controls.take(message);
        return;
      case 'can_use_tool':
        if (this.#turn?.writtenAt === undefined) this.#questions.refuse(message);
        else this.#questions.ask(message, this.#turn.turn);
        return;
      case 'control_request':
        this.#context.log('warn', 'claude.not_answered', { subtype: message.subtype });
        this.#questions.decline(message.requestId, message.subtype);
        return;
      case 'control_cancel_request':
        this.#questions.cancel(message.requestId);
        return;
      case 'keep_alive':
        return;
      default:
        this.#follow(message);
        this.#converse(message, line);
    }
  }

  /** Which conversation it is in. */
  #follow(message: ClaudeMessage): void {
    if (message.type !== 'init' && message.type !== 'result') return;
    this.#note(() => {
      if (message.sessionId !== undefined) this.#session.follow(message.sessionId);
      if (message.type === 'result') this.#session.use();
    });
  }

  #note(change: () => void): void {
    try {
      change();
    } catch (error) {
      this.#context.log('warn', 'claude.session_not_recorded', { reason: String(error) });
    }
  }

  #converse(message: ClaudeMessage, line: string): void {
    const written = this.#turn?.writtenAt !== undefined;
    const wasOwn = this.#turns.isOwn;
    const taken = this.#turns.take(message, line);
    if (written && (message.type === 'system' || message.type === 'init' || message.type === 'stream_event')) {
      this.#interrupting.progress();
    }
    if (message.type === 'result' && !taken.includes(message)) this.#ledger.costOf(message);
    if (!written) this.#idle(message, wasOwn);
    for (const mine of taken) {
      const end = this.#turn?.take(mine);
      if (end !== undefined) this.#end(end);
    }
  }

  /** Between two commands. */
  #idle(message: ClaudeMessage, wasOwn: boolean): void {
    if (wasOwn) {
      if (!this.#turns.isOwn) this.#context.log('info', 'claude.own_turn');
    } else if (!this.#sawLate && (message.type === 'stream_event' || message.type === 'assistant')) {
      this.#sawLate = !this.#turns.isOwn;
      if (this.#sawLate) this.#context.log('warn', 'claude.late_output', { type: message.type });
    }
  }

  #end(end: RunEnd): void {
    const turn = this.#turn;
    if (turn === undefined) return;
    this.#turn = undefined;
    this.#interrupting.over();
    this.#questions.over();
    this.#turns.over();
    turn.end(end);
  }

  /** Until it is in no turn of its own, and no interrupt is on its way that would end the one to come. */
  async #quiet(turn: ClaudeTurn): Promise<void> {
    if (this.#turns.isOwn) {
      const message = 'Claude Code works on its own, as a background task has ended; the command follows';
      turn.turn.update({ type: 'status', status: 'queued', message });
    }
    while (!turn.isOver && (this.#turns.isOwn || this.#interrupting.isOpen)) {
      const calm = Promise.all([this.#turns.ownEnded(), this.#interrupting.settled()]);
      await Promise.race([calm, turn.ended]);
    }
  }

  async #ready(signal: AbortSignal): Promise<void> {
    const aborted = new Promise<'aborted'>((resolve) => {
      signal.addEventListener('abort', () => resolve('aborted'), { once: true });
      if (signal.aborted) resolve('aborted');
    });
    const initialized = this.#controls.ask({ subtype: 'initialize' }).then(
      () => 'ready' as const,
      (error: Error) => error,
    );
    const outcome = await Promise.race([initialized, aborted]);
    if (outcome === 'ready') return;
    const wasGone = this.process.exit !== undefined;
    if (!wasGone) await this.process.kill();
    if (outcome === 'aborted') throw signal.reason;
    const exit = wasGone ? await this.process.exited : undefined;
    throw startFailure(exit, wasGone ? this.#stderr.tail : outcome.message, this.#session);
  }

  #exited(exit: ProgramExit): void {
    const gone = `claude ${describeExit(exit)}`;
    this.#controls.close(new Error(gone));
    // Some versions say that a turn has ended before they have written it down.
    this.#note(() => this.#session.use());
    if (this.#turn === undefined) return;
    const { writtenAt } = this.#turn;
    const { tail } = this.#stderr;
    const when = writtenAt === undefined ? 'before it got the command' : 'while it ran the command';
    const message = `${gone} ${when}${tail === '' ? '' : `: ${tail}`}`;
    const error = { code: 'CCB_PROGRAM_EXITED', message, retryable: writtenAt === undefined };
    this.#end({ success: false, completedBy: 'exit', error });
  }

  #garbage(line: string): void {
    if (this.#sawGarbage) return;
    this.#sawGarbage = true;
    this.#context.log('warn', 'claude.garbage', { text: line.slice(0, GARBAGE_LOGGED) });
  }
}

const droppedEnd: RunEnd = {
  success: false,
  completedBy: 'program',
  stopReason: 'cancelled',
  error: { code: 'CCB_COMMAND_FAILED', message: 'Claude Code dropped the prompt without a result', retryable: true },
};
