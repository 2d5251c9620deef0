import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { chooseProgram } from './program.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ccb-program-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function install(): void {
  writeFileSync(join(directory, 'claude'), '#!/bin/sh\n');
  chmodSync(join(directory, 'claude'), 0o755);
}

describe('chooseProgram', () => {
  test('takes claude where it is installed and can be driven', () => {
    install();
    expect(chooseProgram(undefined, ['shell', 'claude'], `/nowhere:${directory}`)).toBe('claude');
    expect(chooseProgram(undefined, ['shell'], directory)).toBe('shell');
  });

  test.each([
    ['is missing', () => undefined],
    ['is a directory', () => mkdirSync(join(directory, 'claude'))],
    ['cannot be executed', () => writeFileSync(join(directory, 'claude'), '')],
  ])('takes shell where claude %s', (_case, arrange) => {
    arrange();
    expect(chooseProgram(undefined, ['shell', 'claude'], directory)).toBe('shell');
    expect(chooseProgram(undefined, ['shell', 'claude'], undefined)).toBe('shell');
  });

  test('takes what was asked for', () => {
    expect(chooseProgram('echo', ['shell', 'echo'], undefined)).toBe('echo');
  });

  test('tells a program of other builds from one that nobody knows', () => {
    expect(() => chooseProgram('acp', ['shell', 'echo'], undefined)).toThrow(
      expect.objectContaining({ code: 'CCB_NOT_SUPPORTED', message: expect.stringContaining('shell, echo') }),
    );
    expect(() => chooseProgram('zsh', ['shell'], undefined)).toThrow(expect.objectContaining({ code: 'CCB_USAGE' }));
  });
});
