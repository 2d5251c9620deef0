/** What the suite needs of a test runner. */
export interface TestRunner {
  describe(name: string, body: () => void): void;
  test(name: string, body: () => Promise<void>): void;
  afterEach(body: () => Promise<void>): void;
}

const needed = ['describe', 'test', 'afterEach'] as const;

/** The globals of the runner that runs this file: vitest (with `globals`), jest. @throws {TypeError} that says what to pass */
export function globalRunner(scope: object = globalThis): TestRunner {
  const found = scope as Partial<TestRunner>;
  const missing = needed.filter((name) => typeof found[name] !== 'function');
  if (missing.length === 0) return found as TestRunner;
  throw new TypeError(
    `No test runner was found (no global ${missing.join(', ')}). Pass one as the second argument: { describe, test, afterEach }, from vitest, or from node:test with functions that return nothing.`,
  );
}
