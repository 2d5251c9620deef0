import {
  type CommandEvent,
  type CommandResult,
  type CommandStream,
  InstanceError,
  type StallCause,
} from '@ccb/instance-interface';
import type { Answer } from './answer.ts';
import { exitCodeOfResult } from './exit-code.ts';
import { formatDuration } from './options/duration.ts';
import type { Settings } from './options/settings.ts';
import type { Session } from './session.ts';
import type { Signals } from './signals.ts';
import type { Notices } from './terminal/notices.ts';
import { printable } from './terminal/printable.ts';
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
export async function runTurn(context: TurnContext, session: Session, text: string): Promise<number> {
  const { notices, settings, signals, status } = context;
  const stream = send(session, text, settings.timeoutMs);
  let interrupted = false;
  const command = signals.duringCommand(() => {
    interrupted = true;
    notices.newLine();
    status.update('interrupting');
    // What becomes of it is in the stream.
    stream.cancel().catch(() => undefined);
  });
  status.start(`waiting for ${session.program}`);
  try {
    const result = await relay(context, session, stream);
    report(context, session, result, interrupted);
    return exitCodeOfResult(result, { interrupted, passed: settings.passExitCode });
  } finally {
    command.release();
    status.stop();
  }
}

function send({ instance }: Session, text: string, timeoutMs: number | undefined): CommandStream {
  try {
    return instance.sendCommand(text, { timeoutMs });
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new UsageError(`This cannot be a command: ${cause.message}`, { cause });
  }
}

async function relay(context: TurnContext, session: Session, stream: CommandStream): Promise<CommandResult> {
  const { answer, signals, status } = context;
  let stalled = false;
  try {
    for await (const event of stream.events({ signal: signals.leaving })) {
      if (stalled) status.update(`waiting for ${session.program}`);
      stalled = event.type === 'status' && event.status === 'stalled';
      follow(context, session, event);
      await answer.write(event, signals.leaving);
    }
    const result = await stream.result;
    await answer.finish(signals.leaving);
    return result;
  } catch (error) {
    if (InstanceError.is(error)) await answer.finish(signals.leaving);
    throw error;
  }
}

/** What is going on, for the person who waits. */
function follow({ status, notices }: TurnContext, { program }: Session, event: CommandEvent): void {
  if (event.type === 'tool_call') status.update(`${program} uses ${printable(event.title)}`);
  if (event.type === 'permission_request') status.update(`${program} waits for a permission`);
  if (event.type === 'permission_resolved') status.update(`waiting for ${program}`);
  if (event.type !== 'status') return;
  const news = `${program}: ${printable(event.message ?? event.status)}`;
  if (event.status === 'restarted' || event.status === 'retry' || isTrouble(event.cause)) notices.warn(news);
  else status.update(news);
}

/** A silence that does not end by itself, unlike that of a program that works or waits for an answer. */
function isTrouble(cause: StallCause | undefined): boolean {
  return cause === 'frozen' || cause === 'dead' || cause === 'unfinished';
}

function report(context: TurnContext, { program }: Session, result: CommandResult, interrupted: boolean): void {
  if (result.success) return;
  const { notices, settings, status } = context;
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
