import { expect, test } from 'vitest';
import { assertInstanceName, namePattern } from './index.ts';

test.each(['a', '0', 'work', 'my-claude_2', 'x'.repeat(63)])('%s is a name', (name) => {
  expect(() => assertInstanceName(name)).not.toThrow();
  expect(namePattern.test(name)).toBe(true);
});

test.each(['', '-a', '_a', 'A', 'a b', 'a/b', '..', 'ä', 'a\n', 'x'.repeat(64), 7, undefined, null])(
  '%j is not, and the message says what is allowed',
  (name) => {
    expect(() => assertInstanceName(name)).toThrow(TypeError);
    expect(() => assertInstanceName(name)).toThrow(/1 to 63 lower-case letters, digits/);
  },
);
