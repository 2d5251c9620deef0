import { expect, test } from 'vitest';
import { CommandQueue } from './command-queue.ts';
import { TmuxCommandError } from './tmux-command-error.ts';

test('each line gets as many answers as it has commands, in order', async () => {
  const queue = new CommandQueue();
  const two = queue.add([['a'], ['b']]);
  const one = queue.add([['c']]);
  for (const line of ['1', '2', '3']) queue.answer(true, [line]);
  expect([await two, await one]).toEqual([[['1'], ['2']], [['3']]]);
});

test('what follows a command that failed is not answered, and the next line is', async () => {
  const queue = new CommandQueue();
  const failing = queue.add([['a'], ['b', 'x'], ['c']]);
  const next = queue.add([['d']]);
  queue.answer(true, []);
  queue.answer(false, ['no such thing']);
  queue.answer(true, ['fine']);
  await expect(failing).rejects.toEqual(new TmuxCommandError('b', 'no such thing'));
  expect(await next).toEqual([['fine']]);
});

test('who waits when the server goes is told, and a late answer harms nobody', async () => {
  const queue = new CommandQueue();
  const gone = new Error('gone');
  const waiting = queue.add([['a']]);
  queue.fail(gone);
  queue.answer(true, []);
  await expect(waiting).rejects.toBe(gone);
});
