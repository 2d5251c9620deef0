import { expect, test } from 'vitest';
import { driverNames } from './names.ts';
import { traitsOf } from './traits.ts';

test('agents ask before they act, and have no exit status; the others have one, and do not ask', () => {
  for (const name of ['acp', 'claude']) expect(traitsOf(name)).toEqual({ permissions: true, exitCode: false });
  for (const name of ['echo', 'shell']) expect(traitsOf(name)).toEqual({ permissions: false, exitCode: true });
});

test('nothing is promised for a program that is not known', () => {
  for (const name of ['emacs', '__proto__', 'constructor']) {
    expect(traitsOf(name)).toEqual({ permissions: false, exitCode: false });
  }
});

test('each program that can be driven promises something', () => {
  const silent = driverNames.filter((name) => !Object.values(traitsOf(name)).includes(true));
  expect(silent).toEqual([]);
});
