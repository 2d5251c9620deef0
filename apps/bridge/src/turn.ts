import { type CommandOptions, type CommandResult, type CommandStream, InstanceError } from '@ccb/instance-interface';
import type { Answer } from './answer.ts';
import { BrokenPipeError } from './byte-sink.ts';
import { exitCodeOfResult } from './exit-code.ts';
import { formatDuration } from './options/duration.ts';
import type { Settings } from './options/settings.ts';
import type { Session } from './session.ts';
import type { Signals } from './signals.ts';
import type { Notices } from './terminal/notices.ts';
import { isWarning, newsOf, Progress } from './terminal/progress.ts';
import type { StatusLine } from './terminal/status-line.ts';
import { UsageError } from './usage-error.ts';

export interface TurnContext {
  readonly settings: Settings;
  readonly answer: Answer;
  readonly notices: Notices;
  readonly signals: Signals;
  readonly status: StatusLine;
}

/**
 * One command, from its text to its exit code; its answer goes out as it comes.
 * @throws {InstanceError} when the instance failed
 * @throws {UsageError} when the text cannot be a command
 * @throws the reason of `signals.leaving`
 */
export function runTurn(
  context: TurnContext,
  session: Session,
  text: string,
  options: { readonly id?: string | undefined } = {},
): Promise<number> {
  const { timeoutMs } = context.settings;
  return runCommand(context, session, send(session, text, { ...options, timeoutMs }));
}

/** The same for a command that was sent already, by this process or another. */
export async function runCommand(context: TurnContext, session: Session, stream: CommandStream): Promise<number> {
  const { notices, settings, signals, status } = context;
  const progress = new Progress(session.program);
  let interrupted = false;
  const command = signals.duringCommand(() => {
    interrupted = true;
    notices.newLine();
    progress.interrupt();
    status.update(progress.activity);
    // What becomes of it is in the stream.
    stream.cancel().catch(() => undefined);
  });
  status.start(progress.activity);
  try {
    const outcome = await relay(context, session, stream, progress);
    report(context, session, outcome, interrupted);
    return exitCodeOfResult(outcome.result, { interrupted, passed: settings.passExitCode });
  } finally {
    command.release();
    status.stop();
  }
}

export function send({ instance }: Session, text: string, options: CommandOptions): CommandStream {
  try {
    return instance.sendCommand(text, options);
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new UsageError(`This cannot be a command: ${cause.message}`, { cause });
  }
}

interface Outcome {
  readonly result: CommandResult;
  /** News of a program that was started again when the command was through. */
  readonly restart: string | undefined;
}

async function relay(
  context: TurnContext,
  { program }: Session,
  stream: CommandStream,
  progress: Progress,
): Promise<Outcome> {
  const { answer, notices, signals, status } = context;
  let restart: string | undefined;
  try {
    for await (const event of stream.events({ signal: signals.leaving })) {
      progress.take(event);
      status.update(progress.activity);
      if (event.type !== 'end') {
        if (restart !== undefined) notices.warn(restart);
        restart = undefined;
      }
      if (event.type === 'status' && isWarning(event)) {
        // Only the result tells whether it was the command that ended the program.
        if (event.status === 'restarted') restart = newsOf(program, event);
        else notices.warn(newsOf(program, event));
      }
      await answer.write(event, signals.leaving);
    }
    const result = await stream.result;
    await answer.finish(signals.leaving);
    return { result, restart };
  } catch (error) {
    if (InstanceError.is(error)) await answer.finish(signals.leaving);
    // Nobody wants the rest: it ends in the program, too, before the instance is let go of.
    if (error instanceof BrokenPipeError) await stream.cancel().catch(() => undefined);
    throw error;
  }
}

function report(context: TurnContext, { program }: Session, { result, restart }: Outcome, interrupted: boolean): void {
  const { notices, settings, status } = context;
  const hasExited = result.completedBy === 'exit' && result.exitCode !== undefined;
  if (restart !== undefined) {
    if (!hasExited) notices.warn(restart);
    else {
      notices.info(restart);
      return;
    }
  }
  if (result.success) return;
  status.erase();
  if (result.status === 'timeout' && settings.timeoutMs !== undefined) {
    const limit = formatDuration(settings.timeoutMs);
    notices.failure(
      new InstanceError(result.error.code, `The command was ended after ${limit}. Give it longer with --timeout.`),
    );
  } else if (result.status === 'cancelled' && interrupted) {
    notices.info('interrupted');
  } else if (result.exitCode !== undefined) {
    // What it had to say was on stderr already.
    notices.info(`${program} ended the command with status ${result.exitCode}`);
  } else {
    notices.failure(new InstanceError(result.error.code, result.error.message));
  }
}
