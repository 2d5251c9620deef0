import type { TestRunner } from './runner.ts';

/**
 * A runner that takes every `of`-th group of the suite, from the `share`-th on (1 is the first): so that a slow backend is
 * spread over several files, or runs a part now and the rest at another time.
 */
export function shareOf(runner: TestRunner, share: number, of: number): TestRunner {
  let depth = 0;
  let count = 0;
  return {
    test: (name, body) => runner.test(name, body),
    afterEach: (body) => runner.afterEach(body),
    describe(title, body) {
      if (depth === 1 && count++ % of !== share - 1) return;
      runner.describe(title, () => {
        depth += 1;
        body();
        depth -= 1;
      });
    },
  };
}
