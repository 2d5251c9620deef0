import { type HistoryEntry, InstanceError } from '@ccb/instance-interface';
import { EXIT, exitCodeOfResult } from '../exit-code.ts';
import { parseInstanceName } from '../options/instance-name.ts';
import type { Flags } from '../options/settings.ts';
import { type Runner, withRunner } from '../runner.ts';
import { type Session, withNamed } from '../session.ts';
import { runCommand } from '../turn.ts';

export interface ResumeFlags extends Flags {
  readonly after?: string | undefined;
}

/** `ccb resume NAME [ID]`: the answer of a command that was sent before. Returns the exit code. */
export function resume(name: string, id: string | undefined, flags: ResumeFlags): Promise<number> {
  return rejoin('resume', name, id, flags, flags.after, false);
}

/** `ccb wait NAME [ID]`: until a command that was sent before has ended; its exit code. */
export function wait(name: string, id: string | undefined, flags: Flags): Promise<number> {
  return rejoin('wait', name, id, flags, undefined, true);
}

function rejoin(
  verb: string,
  name: string,
  asked: string | undefined,
  flags: Flags,
  after: string | undefined,
  silent: boolean,
): Promise<number> {
  return withRunner(flags, { endLine: 'on-terminal' }, async (runner) => {
    const instanceName = parseInstanceName(name);
    try {
      return await withNamed(runner, instanceName, { verb }, async (session) => {
        const id = asked ?? (await lastCommand(session, runner.signals.leaving));
        const stream = session.instance.resumeCommand(id, { after, permission: runner.permission });
        if (!silent) return await runCommand(runner, session, stream);
        return exitOf(runner, await stream.result);
      });
    } catch (error) {
      if (!InstanceError.is(error, 'CCB_LOCKED')) throw error;
      return await follow(runner, instanceName, verb, asked, after, silent);
    }
  });
}

/** Beside whoever holds the instance: what is written down is shown as it comes. */
function follow(
  runner: Runner,
  name: string,
  verb: string,
  asked: string | undefined,
  after: string | undefined,
  silent: boolean,
): Promise<number> {
  return withNamed(runner, name, { verb, mode: 'observe' }, async (session) => {
    const { instance } = session;
    const { leaving } = runner.signals;
    const id = asked ?? (await lastCommand(session, leaving));
    await assertKnown(session, id, leaving);
    for await (const entry of instance.history({ after, follow: true, signal: leaving })) {
      if (entry.commandId !== id || entry.type === 'command') continue;
      if (!silent) await runner.answer.write(entry, leaving);
      if (entry.type !== 'end') continue;
      await runner.answer.finish(leaving);
      return exitOf(runner, entry.result);
    }
    throw new InstanceError('CCB_AGENT_LOST', `${name} ended while its command ${id} was followed.`, {
      instance: name,
    });
  });
}

async function assertKnown({ instance }: Session, id: string, signal: AbortSignal): Promise<void> {
  for await (const { commandId } of instance.history({ signal })) if (commandId === id) return;
  const message = `${instance.name} has no command ${id}. "ccb history ${instance.name}" shows what it has.`;
  throw new InstanceError('CCB_NOT_FOUND', message, { instance: instance.name });
}

async function lastCommand({ instance }: Session, signal: AbortSignal): Promise<string> {
  const { command } = await instance.getInfo({ signal });
  if (command !== undefined) return command.id;
  let last: HistoryEntry | undefined;
  for await (const entry of instance.history({ signal })) if (entry.type === 'command') last = entry;
  if (last !== undefined) return last.commandId;
  const message = `${instance.name} was sent no command yet. Send one with "ccb send ${instance.name} TEXT".`;
  throw new InstanceError('CCB_NOT_FOUND', message, { instance: instance.name });
}

function exitOf({ settings }: Runner, result: Parameters<typeof exitCodeOfResult>[0]): number {
  const code = exitCodeOfResult(result, { interrupted: false, passed: settings.passExitCode });
  return result.status === 'cancelled' ? EXIT.commandFailed : code;
}
