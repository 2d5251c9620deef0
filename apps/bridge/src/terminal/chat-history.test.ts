import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ChatHistory } from './chat-history.ts';

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ccb-history-'));
  file = join(directory, 'home', 'chat_history');
});
afterEach(() => rmSync(directory, { recursive: true }));

test('there is none before the first line', () => {
  expect(new ChatHistory(file).load()).toEqual([]);
  expect(existsSync(file)).toBe(false);
});

test('the next chat finds the lines, newest first, in a file of the owner alone', () => {
  const history = new ChatHistory(file);
  history.add('first');
  history.add('second');
  expect(new ChatHistory(file).load()).toEqual(['second', 'first']);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test('the last 1000 lines are kept', () => {
  const history = new ChatHistory(file);
  history.add('0');
  writeFileSync(file, Array.from({ length: 1_500 }, (_, index) => `${index}\n`).join(''));
  const loaded = history.load();
  expect([loaded.length, loaded[0], loaded.at(-1)]).toEqual([1_000, '1499', '500']);
  expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(1_001);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});
