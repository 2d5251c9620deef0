import { expect, test } from 'vitest';
import { visible } from './visible.ts';

test('what could steer a terminal is spelled out', () => {
  expect(visible('\x1b[2J\x1b]0;title\x07\b\x7f\x9b31m\0')).toBe(
    '\\u001b[2J\\u001b]0;title\\u0007\\u0008\\u007f\\u009b31m\\u0000',
  );
  expect(visible('exe\u202egpj.txt')).toBe('exe\\u202egpj.txt');
  expect(visible('100 %\rok')).toBe('100 %\\u000dok');
});

test('ordinary text stays as it is, line by line', () => {
  expect(visible('naïve 漢字 😀\n\tindented\r\nend\n')).toBe('naïve 漢字 😀\n\tindented\nend\n');
});
