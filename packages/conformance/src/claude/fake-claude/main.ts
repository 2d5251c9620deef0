import { realpathSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseCommandLine } from './command-line.ts';
import { Conversation } from './conversation.ts';
import { parseFaults, slownessMs } from './faults.ts';
import { version } from './messages.ts';
import { makeNoise } from './mishap.ts';
import { Output } from './output.ts';
import { Refused, startSession } from './start.ts';

const exitGraceMs = 5_000;

const output = new Output(() => process.exit(1));
main().catch((error: Error) => {
  if (error instanceof Refused && error.result !== undefined) output.line(error.result);
  leave(1, `${error instanceof Refused || error instanceof TypeError ? error.message : error.stack}\n`);
});

async function main(): Promise<void> {
  const faults = parseFaults(process.env.FAKE_CLAUDE_FAULTS ?? '');
  const line = parseCommandLine(process.argv.slice(2));
  if (line.version) {
    output.raw(`${version} (Claude Code)\n`);
    return leave(0);
  }
  if (faults.has('stderr-noise')) makeNoise();
  if (faults.has('dies-at-start')) throw new Refused('Error: the fake claude dies at its start');
  const session = startSession(line, { output, cwd: realpathSync(process.cwd()), faults });
  output.split = faults.has('split-writes');
  const conversation = new Conversation(session, (code) => {
    session.transcript.close();
    leave(code);
  });
  process.on('SIGTERM', () => {
    if (!session.faults.has('hangs-on-exit')) leave(143);
  });
  process.on('SIGINT', () => {
    if (!session.faults.has('hangs-on-exit')) conversation.break();
  });
  if (faults.has('slow-start')) await sleep(slownessMs);
  listen(conversation);
}

function listen(conversation: Conversation): void {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  process.stdin.on('data', (bytes: Buffer) => {
    const lines = (rest + decoder.write(bytes)).split('\n');
    rest = lines.pop() ?? '';
    try {
      for (const line of lines) conversation.line(line);
    } catch (error) {
      process.stdin.pause();
      leave(1, `${(error as Error).message}\n`);
    }
  });
  process.stdin.on('end', () => conversation.end());
}

/** Ends the process, once what was written has left; a reader who never reads does not keep it. */
function leave(code: number, message?: string): void {
  if (message !== undefined) process.stderr.write(message);
  const exit = (): never => process.exit(code);
  setTimeout(exit, exitGraceMs);
  void output.flushed().then(exit);
}
