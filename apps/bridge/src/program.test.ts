import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { chooseProgram, isInstalled } from './program.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ccb-program-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function install(): void {
  writeFileSync(join(directory, 'claude'), '#!/bin/sh\n');
  chmodSync(join(directory, 'claude'), 0o755);
}

describe('isInstalled', () => {
  test('finds a program on the path', () => {
    install();
    expect(isInstalled('claude', `/nowhere:${directory}`)).toBe(true);
    expect(isInstalled('claude', undefined)).toBe(false);
  });

  test.each([
    ['is missing', () => undefined],
    ['is a directory', () => mkdirSync(join(directory, 'claude'))],
    ['cannot be executed', () => writeFileSync(join(directory, 'claude'), '')],
  ])('does not take one that %s', (_case, arrange) => {
    arrange();
    expect(isInstalled('claude', directory)).toBe(false);
  });
});

describe('chooseProgram', () => {
  test('takes claude where it is there and can be driven, else shell', () => {
    const [there, absent] = [() => true, () => false];
    expect(chooseProgram(undefined, ['shell', 'claude'], there)).toBe('claude');
    expect(chooseProgram(undefined, ['shell'], there)).toBe('shell');
    expect(chooseProgram(undefined, ['shell', 'claude'], absent)).toBe('shell');
  });

  test('takes what was asked for', () => {
    expect(chooseProgram('echo', ['shell', 'echo'], () => true)).toBe('echo');
  });

  test('tells a program of other builds from one that nobody knows', () => {
    expect(() => chooseProgram('acp', ['shell', 'echo'], () => true)).toThrow(
      expect.objectContaining({ code: 'CCB_NOT_SUPPORTED', message: expect.stringContaining('shell, echo') }),
    );
    expect(() => chooseProgram('zsh', ['shell'], () => true)).toThrow(expect.objectContaining({ code: 'CCB_USAGE' }));
  });
});
