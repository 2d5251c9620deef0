import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { commandInput } from './command-input.ts';

const directory = mkdtempSync(join(tmpdir(), 'ccb-input-'));
afterAll(() => rmSync(directory, { recursive: true }));

test.each(['ls -l', 'echo "$HOME"; false', '(exit 3)', './run'])('%j is typed', (text) => {
  expect(commandInput(text, directory)).toBe(text);
});

test.each([
  'a\nb',
  'echo !!',
  'tab\there',
  'é',
  ' leading',
  '# comment',
  'ends \\',
  '\x1b[A',
  `echo ${'x'.repeat(3_000)}`,
])('%j is sourced', (text) => {
  const line = commandInput(text, directory);
  expect(line).toMatch(/^\. '.*\/command\.sh' # [\x20-\x7e]*$/);
  expect(line).not.toContain('!');
  expect(readFileSync(join(directory, 'command.sh'), 'utf8')).toBe(`${text}\n`);
});
