import { expect, test } from 'vitest';
import { NamedPipeError } from './error.ts';

test('an error is known across copies of the package by its brand and code', () => {
  const error = new NamedPipeError('CCB_PIPE_DOWN', 'gone', { cause: 'why' });
  const foreign = Object.assign(new Error('gone'), {
    code: 'CCB_PIPE_DOWN',
    [Symbol.for('@ccb/named-pipe.error')]: true,
  });
  expect(error).toMatchObject({ name: 'NamedPipeError', message: 'gone', cause: 'why' });
  for (const each of [error, foreign]) {
    expect(NamedPipeError.is(each)).toBe(true);
    expect(NamedPipeError.is(each, 'CCB_PIPE_DOWN')).toBe(true);
    expect(NamedPipeError.is(each, 'CCB_PIPE_LOCKED')).toBe(false);
  }
  for (const each of [undefined, null, 'CCB_PIPE_DOWN', new Error('x'), { code: 'CCB_PIPE_DOWN' }]) {
    expect(NamedPipeError.is(each)).toBe(false);
  }
});
