import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { Transcript } from '../testing/transcript.ts';

const loader = createRequire(import.meta.url).resolve('tsx');
const program = `
  import { discardTypedAhead } from '${new URL('./typed-ahead.ts', import.meta.url)}';
  import { createInterface } from 'node:readline/promises';
  process.once('SIGUSR2', async () => {
    discardTypedAhead(process.stdin);
    const lines = createInterface({ input: process.stdin, output: process.stdout, terminal: false });
    console.log('got ' + await lines.question('now? '));
    lines.close();
    process.exit();
  });
  setInterval(() => {}, 60_000);
  console.log('pid ' + process.pid + ' ');
`;

test('a line that was typed before the question does not answer it', async () => {
  const command = `exec '${process.execPath}' --import '${loader}' --input-type=module -e "$PROGRAM"`;
  const env = { PATH: process.env.PATH, PROGRAM: program };
  const child = spawn('script', ['-qec', command, '/dev/null'], { env });
  const closed = once(child, 'close');
  try {
    const screen = new Transcript(child.stdout);
    await screen.until('pid ');
    const pid = Number.parseInt(await screen.until(' '), 10);
    child.stdin.write('yes\nyes\n');
    // The terminal shows what has arrived in it.
    await screen.until('yes\r\nyes\r\n');
    process.kill(pid, 'SIGUSR2');
    await screen.until('now? ');
    child.stdin.write('no\n');
    expect(await screen.until('got no\r\n')).not.toContain('yes');
  } finally {
    child.stdin.end();
    await closed;
  }
});
