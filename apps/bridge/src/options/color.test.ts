import { expect, test } from 'vitest';
import { wantsColor } from './color.ts';

test.each([
  ['auto', {}, true, true],
  ['auto', {}, false, false],
  ['auto', { NO_COLOR: '1' }, true, false],
  ['auto', { NO_COLOR: '' }, true, true],
  ['auto', { TERM: 'dumb' }, true, false],
  ['always', { NO_COLOR: '1' }, false, true],
  ['never', {}, true, false],
] as const)('--color %s with %o on a terminal (%s) is %s', (choice, env, terminal, wanted) => {
  expect(wantsColor(choice, env, terminal)).toBe(wanted);
});
