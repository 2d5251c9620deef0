import { expect, test } from 'vitest';
import type { TestRunner } from './runner.ts';
import { shareOf } from './share.ts';

/** The names of the tests of six groups of which a share is taken. */
function taken(share: number, of: number): string[] {
  const names: string[] = [];
  const runner: TestRunner = { describe: (_name, body) => body(), test: (name) => names.push(name), afterEach() {} };
  const mine = shareOf(runner, share, of);
  mine.describe('suite', () => {
    for (const group of ['a', 'b', 'c', 'd', 'e', 'f']) {
      mine.describe(group, () => mine.describe('inner', () => mine.test(group, async () => {})));
    }
  });
  return names;
}

test('the shares are the whole, each group in one of them', () => {
  expect(taken(1, 4)).toEqual(['a', 'e']);
  expect([1, 2, 3, 4].flatMap((share) => taken(share, 4)).sort()).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
  expect(taken(1, 1)).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
});
