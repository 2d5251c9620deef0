import { type ClientConnection, client, PROTOCOL_VERSION, type PromptResponse } from '@agentclientprotocol/sdk';
import type { RunEnd } from '@ccb/instance-interface';
import type { DriverContext, Turn } from '../driver.ts';
import { DriverError } from '../driver-error.ts';
import { describeExit, type ProgramExit, ProgramProcess } from '../program-process.ts';
import { StderrText } from '../stderr-text.ts';
import { MessageStream } from './message-stream.ts';
import { answerOutcome, permissionRequest } from './permission.ts';
import { SessionId } from './session-id.ts';
import { tellUpdate } from './update.ts';

/** One life of the program, and the conversation with it. */
export class AcpLife {
  readonly process: ProgramProcess;
  /** What the program says of itself. */
  version: string | undefined;
  /** Of the turn that runs. */
  ended: Promise<RunEnd> | undefined;
  readonly #context: DriverContext;
  readonly #stderr: StderrText;
  readonly #connection: ClientConnection;
  #sessionId = '';
  #turn: Turn | undefined;

  /** Resolves when it can take a prompt. @throws {DriverError} */
  static async start(context: DriverContext, signal: AbortSignal): Promise<AcpLife> {
    const [executable = '', ...args] = context.args;
    const stderr = new StderrText(context, 'acp');
    const stream = new MessageStream(context);
    let life: AcpLife | undefined;
    const process = await ProgramProcess.spawn({
      name: 'acp',
      title: 'the program',
      context,
      env: context.env,
      executable,
      args,
      onLine: (line) => stream.push(line),
      onStderr: (chunk) => stderr.push(chunk, life?.turn),
    });
    life = new AcpLife(process, context, stderr, stream);
    const abort = (): void => process.signal('SIGKILL');
    signal.addEventListener('abort', abort, { once: true });
    try {
      await Promise.race([life.#begin(), life.#goneEarly(signal)]);
      return life;
    } catch (error) {
      await process.kill();
      signal.throwIfAborted();
      throw error;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  private constructor(process: ProgramProcess, context: DriverContext, stderr: StderrText, stream: MessageStream) {
    this.process = process;
    this.#context = context;
    this.#stderr = stderr;
    this.#connection = client({ name: 'ccb' })
      .onNotification('session/update', ({ params }) => {
        // What comes between two turns, as the replay of a session that is loaded, is nobody's answer.
        if (this.#turn !== undefined && params.sessionId === this.#sessionId) tellUpdate(params.update, this.#turn);
      })
      .onRequest('session/request_permission', async ({ params }) => {
        if (this.#turn === undefined) return { outcome: { outcome: 'cancelled' } };
        const answer = await this.#turn.ask(permissionRequest(params));
        return { outcome: answerOutcome(params.options, answer) };
      })
      .connect(stream.connect(process));
    void process.exited.then(() => stream.end());
  }

  get turn(): Turn | undefined {
    return this.#turn;
  }

  run(turn: Turn): Promise<RunEnd> {
    this.#turn = turn;
    const ended = this.#run(turn).finally(() => {
      this.#turn = undefined;
      this.ended = undefined;
    });
    this.ended = ended;
    return ended;
  }

  interrupt(): void {
    if (this.#turn === undefined) return;
    this.#connection.agent.notify('session/cancel', { sessionId: this.#sessionId }).catch((error: unknown) => {
      this.#context.log('warn', 'acp.not_cancelled', { reason: String(error) });
    });
  }

  async #run(turn: Turn): Promise<RunEnd> {
    const prompt = [{ type: 'text' as const, text: turn.text }];
    const asked: Promise<PromptResponse> = this.#connection.agent.request('session/prompt', {
      sessionId: this.#sessionId,
      prompt,
    });
    try {
      const answer = await Promise.race([asked, this.process.exited]);
      if ('stopReason' in answer) return endOf(answer);
      asked.catch(() => {});
      return exitEnd(answer, this.#stderr.tail);
    } catch (error) {
      // A program that dies closes the connection first.
      if (this.process.exit !== undefined || this.#connection.signal.aborted)
        return exitEnd(await this.process.exited, this.#stderr.tail);
      return { success: false, completedBy: 'program', error: commandError(error) };
    }
  }

  async #begin(): Promise<void> {
    const { agent } = this.#connection;
    const { workspace } = this.#context;
    const hello = await agent.request('initialize', {
      protocolVersion: PROTOCOL_VERSION,
      clientInfo: { name: 'ccb', version: typeof AGENT_VERSION === 'string' ? AGENT_VERSION : 'source' },
      // It has its own files and its own terminals, where it lives.
      clientCapabilities: { fs: { readTextFile: false, writeTextFile: false }, terminal: false },
    });
    if (hello.protocolVersion !== PROTOCOL_VERSION) {
      const message = `the program speaks version ${hello.protocolVersion} of the Agent Client Protocol, and ccb ${PROTOCOL_VERSION}. Take another version of the program.`;
      throw new DriverError('CCB_PROTOCOL_MISMATCH', message);
    }
    this.version = hello.agentInfo?.version;
    const session = new SessionId(this.#context);
    const before = session.read();
    if (before === undefined) {
      this.#sessionId = await this.#newSession(workspace);
      session.write(this.#sessionId);
      return;
    }
    if (!hello.agentCapabilities?.loadSession) throw session.lost('it keeps none');
    try {
      await agent.request('session/load', { sessionId: before, cwd: workspace, mcpServers: [] });
    } catch (error) {
      throw session.lost(commandError(error).message, error);
    }
    this.#sessionId = before;
  }

  async #newSession(cwd: string): Promise<string> {
    try {
      const { sessionId } = await this.#connection.agent.request('session/new', { cwd, mcpServers: [] });
      return sessionId;
    } catch (error) {
      const { code, message } = commandError(error);
      throw new DriverError(code, message, { cause: error });
    }
  }

  /** Never resolves. */
  async #goneEarly(signal: AbortSignal): Promise<never> {
    const exit = await this.process.exited;
    signal.throwIfAborted();
    const said = this.#stderr.tail === '' ? '' : `: ${this.#stderr.tail}`;
    const message = `the program ${describeExit(exit)} before it was ready${said}. Run it by hand in the workspace to see what it lacks.`;
    throw new DriverError('CCB_PROGRAM_EXITED', message, { retryable: exit.signal !== null });
  }
}

/** Of the bundle that this is built into. */
declare const AGENT_VERSION: string | undefined;

function endOf({ stopReason }: PromptResponse): RunEnd {
  if (stopReason === 'cancelled') return { success: false, completedBy: 'cancel', stopReason };
  return { success: true, completedBy: 'program', stopReason };
}

function exitEnd(exit: ProgramExit, said: string): RunEnd {
  const message = `the program ${describeExit(exit)}${said === '' ? '' : `: ${said}`}`;
  return { success: false, completedBy: 'exit', error: { code: 'CCB_PROGRAM_EXITED', message, retryable: true } };
}

/** An error of the protocol as one of ours. */
function commandError(error: unknown): {
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
} {
  const { code, message = String(error), data } = error as { code?: number; message?: string; data?: unknown };
  const details = (data as { readonly details?: unknown } | undefined)?.details;
  const text = typeof details === 'string' ? `${message}: ${details}` : message;
  if (code === -32000)
    return {
      code: 'CCB_SIGN_IN',
      message: `the program wants to be signed in: ${text}. Give it a key in its environment.`,
      retryable: false,
    };
  return { code: 'CCB_COMMAND_FAILED', message: text, retryable: false };
}
