import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ChatHistory } from './chat-history.ts';
import { ChatPrompt } from './chat-prompt.ts';

const CTRL_C = '\u0003';
const CTRL_D = '\u0004';
const UP = '\u001b[A';
const never = new AbortController().signal;

let directory: string;
let history: ChatHistory;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ccb-prompt-'));
  history = new ChatHistory(join(directory, 'chat_history'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function setUp() {
  const [input, output] = [new PassThrough(), new PassThrough()];
  return { input, output, prompt: new ChatPrompt({ input, output, prompt: '> ', history }) };
}

test('a line is what was typed', async () => {
  const { input, output, prompt } = setUp();
  const line = prompt.next(never);
  input.write('hello\r');
  expect(await line).toBe('hello');
  expect(String(output.read())).toContain('> ');
});

test('lines that were pasted together come one after the other, the unfinished one is kept', async () => {
  const { input, prompt } = setUp();
  const first = prompt.next(never);
  input.write('one\rtwo\rthr');
  expect(await first).toBe('one');
  expect(await prompt.next(never)).toBe('two');
  const third = prompt.next(never);
  input.write('ee\r');
  expect(await third).toBe('three');
});

test('the arrow goes back through this chat and the ones before', async () => {
  history.add('older');
  const { input, prompt } = setUp();
  const first = prompt.next(never);
  input.write('newer\r');
  await first;
  const again = prompt.next(never);
  input.write(`${UP}\r`);
  expect(await again).toBe('newer');
  const before = prompt.next(never);
  input.write(`${UP}${UP}\r`);
  expect(await before).toBe('older');
});

test('Ctrl-C clears the line', async () => {
  const { input, prompt } = setUp();
  const line = prompt.next(never);
  input.write(`junk${CTRL_C}good\r`);
  expect(await line).toBe('good');
});

test('Ctrl-C on an empty line leaves with the second one in a row', async () => {
  const { input, prompt } = setUp();
  const line = prompt.next(never);
  input.write(`${CTRL_C}x\u007f${CTRL_C}`);
  await new Promise(setImmediate);
  input.write(CTRL_C);
  expect(await line).toBeUndefined();
  expect(await prompt.next(never)).toBeUndefined();
});

test.each([
  ['Ctrl-D', (input: PassThrough) => input.write(CTRL_D)],
  ['the end of input', (input: PassThrough) => input.end()],
])('%s leaves', async (_case, leave) => {
  const { input, prompt } = setUp();
  const line = prompt.next(never);
  leave(input);
  expect(await line).toBeUndefined();
});

test('a wait for a line ends with the reason of the signal', async () => {
  const { prompt } = setUp();
  const leaving = new AbortController();
  const line = prompt.next(leaving.signal);
  leaving.abort(new Error('leaving'));
  await expect(line).rejects.toThrow('leaving');
  await expect(prompt.next(leaving.signal)).rejects.toThrow('leaving');
});
