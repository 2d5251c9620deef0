import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { resolveEnvironment } from './environment.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ccb-environment-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

describe('resolveEnvironment', () => {
  test('takes a value, also an empty one and one with "="', () => {
    expect(resolveEnvironment(['A=1', 'B=', 'C=x=y'], [], {})).toEqual({ A: '1', B: '', C: 'x=y' });
  });

  test("takes the caller's value for a name alone", () => {
    expect(resolveEnvironment(['A'], [], { A: 'here' })).toEqual({ A: 'here' });
  });

  test('refuses a name alone that is not set, and no name at all', () => {
    expect(() => resolveEnvironment(['A'], [], {})).toThrow('--env A: the variable is not set here');
    expect(() => resolveEnvironment(['=1'], [], {})).toThrow('names no variable');
  });

  test('reads files in order, and lets --env win', () => {
    const [first, second] = [join(directory, 'first'), join(directory, 'second')];
    writeFileSync(first, '# comment\nA=1\nB="two words"\nC=first\n');
    writeFileSync(second, 'C=second\nD=file\n');
    expect(resolveEnvironment(['D=option'], [first, second], {})).toEqual({
      A: '1',
      B: 'two words',
      C: 'second',
      D: 'option',
    });
  });

  test('refuses a file that cannot be read', () => {
    expect(() => resolveEnvironment([], [join(directory, 'absent')], {})).toThrow('cannot be read');
  });
});
