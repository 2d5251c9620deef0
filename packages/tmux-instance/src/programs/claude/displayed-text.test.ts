import { expect, test } from 'vitest';
import { DisplayedText } from './displayed-text.ts';

test('pieces are given on in their order, whatever the order of their coming', () => {
  const text = new DisplayedText();
  expect(text.isWhole).toBe(false);
  expect(text.piece('m', 1, 'b', false)).toBe('');
  expect(text.piece('m', 0, 'a', false)).toBe('ab');
  expect(text.piece('m', 3, 'd', true)).toBe('');
  expect(text.isWhole).toBe(false);
  expect(text.piece('m', 2, 'c', false)).toBe('cd');
  expect(text.isWhole).toBe(true);
});

test('it is whole when each message that has begun is', () => {
  const text = new DisplayedText();
  text.piece('one', 0, 'a', true);
  expect(text.piece('two', 0, 'b', false)).toBe('b');
  expect(text.isWhole).toBe(false);
  text.piece('two', 1, '', true);
  expect(text.isWhole).toBe(true);
});
