import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { commandLine } from './grammar/command-line.ts';
import { Sandbox } from './testing/sandbox.ts';

test('the help that was written down is that of the grammar, whichever way it is asked for', async () => {
  const sandbox = new Sandbox();
  try {
    const help = commandLine(async () => {}).helpInformation();
    const written = readFileSync(new URL('../dist/help.txt', import.meta.url), 'utf8');
    expect(written.startsWith(help)).toBe(true);
    for (const args of [['--help'], ['-h'], ['help']]) {
      const { exitCode, stdout, stderr } = await sandbox.ccb(args);
      expect([exitCode, String(stdout), stderr]).toEqual([0, written, '']);
    }
    expect(String((await sandbox.ccb(['help', 'send'])).stdout)).toMatch(/^Usage: ccb send .*\n[\s\S]*Examples:\n/);
    expect((await sandbox.shell('ccb --help | head -1')).stderr).toBe('');
  } finally {
    sandbox.remove();
  }
});
