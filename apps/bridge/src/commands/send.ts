import { randomUUID } from 'node:crypto';
import { InstanceError } from '@ccb/instance-interface';
import { commandText } from '../command-text.ts';
import { EXIT } from '../exit-code.ts';
import { parseInstanceName } from '../options/instance-name.ts';
import { refuseOtherOrigin } from '../options/origin.ts';
import type { Flags } from '../options/settings.ts';
import { type Runner, withRunner } from '../runner.ts';
import { type Session, withNamed } from '../session.ts';
import { Report } from '../terminal/report.ts';
import { runTurn, send as sendText } from '../turn.ts';

export interface SendFlags extends Flags {
  readonly detach?: boolean | undefined;
  readonly id?: string | undefined;
}

/** `ccb send NAME TEXT…`: one command to an instance that stays. Returns the exit code. */
export function send(name: string, words: readonly string[], flags: SendFlags): Promise<number> {
  return withRunner(flags, { endLine: 'on-terminal' }, async (runner) => {
    const text = await commandText(words, runner.stdin);
    const options = { verb: 'send', check: refuseOtherOrigin.bind(undefined, flags) };
    return await withNamed(runner, parseInstanceName(name), options, async (session) => {
      if (flags.detach !== true) return await runTurn(runner, session, text, { id: flags.id });
      await handOver(runner, session, text, flags.id ?? randomUUID());
      return EXIT.success;
    });
  });
}

/** The command goes on without this process; its id is on stdout when the instance has written it down. */
async function handOver(runner: Runner, session: Session, text: string, id: string): Promise<void> {
  const { instance } = session;
  if (!instance.capabilities.resume || !instance.capabilities.history) {
    const message = `${instance.name} lives in ${instance.type}, which keeps no journal of its commands. Leave --detach out.`;
    throw new InstanceError('CCB_NOT_SUPPORTED', message, { instance: instance.name });
  }
  await instance.start({ signal: runner.signals.leaving });
  const taken = writtenDown(session, id, runner.signals.leaving);
  const stream = sendText(session, text, { id });
  await Promise.race([taken, stream.result]);
  if (runner.settings.json) await new Report(runner).json({ id });
  else await new Report(runner).text(`${id}\n`);
}

async function writtenDown({ instance }: Session, id: string, signal: AbortSignal): Promise<void> {
  for await (const entry of instance.history({ follow: true, signal })) {
    if (entry.commandId === id) return;
  }
}
