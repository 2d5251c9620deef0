import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { commandText } from './command-text.ts';

const piped = (text: string) => Readable.from(text === '' ? [] : [Buffer.from(text)]);
const terminal = () => Object.assign(piped('never read'), { isTTY: true });

describe('commandText', () => {
  test('joins the words by a space', async () => {
    expect(await commandText(['echo', 'a  b', '-'], piped('never read'))).toBe('echo a  b -');
  });

  test.each([[['-']], [[]]])('takes stdin as it is, its last newline too, for the words %j', async (words) => {
    expect(await commandText(words, piped('one\ntwo\n'))).toBe('one\ntwo\n');
  });

  test.each([
    [['-'], piped('')],
    [[], piped('\n')],
    [[], terminal()],
    [[''], terminal()],
  ])('refuses nothing (%j)', async (words, stdin) => {
    await expect(commandText(words, stdin)).rejects.toThrow('There is nothing to run');
  });

  test('refuses bytes that are not UTF-8', async () => {
    await expect(commandText(['-'], Readable.from([Buffer.from([0xff])]))).rejects.toThrow('not UTF-8');
  });
});
