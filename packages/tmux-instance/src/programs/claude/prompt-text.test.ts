import { expect, test } from 'vitest';
import { promptKeys } from './prompt-text.ts';

test.each(['/help', '!ls', '#memo', '?', '@file', '&x'])('%s is said, and not done', (text) => {
  expect(promptKeys(text, 'box')).toBe(`\x15\x1b[200~ ${text}\x1b[201~`);
});

test('the end of a paste within a text ends nothing', () => {
  expect(promptKeys('a\x1b[201~\rb', 'box')).toBe('\x15\x1b[200~a\rb\x1b[201~');
});

test.each(['exit', ' quit ', ':wq'])('%j is refused: the program would leave', (text) => {
  expect(() => promptKeys(text, 'box')).toThrow('Say it within a sentence');
});
