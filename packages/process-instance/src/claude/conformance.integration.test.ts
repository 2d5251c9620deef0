import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { claudeCommands, defineConformance } from '@ccb/conformance';
import { fakeApiEnvironment, startIsolatedApi } from '@ccb/conformance/claude';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { conformanceSpec } from '../testing/conformance-spec.ts';
import { Sandbox } from '../testing/sandbox.ts';

/** The path of a real one, as `node scripts/claude-code.mjs 2.1.197` prints it. */
const claude = process.env.CCB_CLAUDE;
const name = 'process with a real Claude Code';

if (claude === undefined) {
  describe.skip(`${name} (not here: CCB_CLAUDE is not set)`, () => test('conforms', () => {}));
  if (process.env.CI === 'true') {
    test('continuous integration has a real Claude Code', () => {
      expect(claude, 'CCB_CLAUDE is not set').toMatch(/claude$/);
    });
  }
} else {
  const sandbox = new Sandbox();
  afterAll(() => sandbox[Symbol.asyncDispose]());
  const api = await startIsolatedApi();
  afterAll(() => api.close());
  const [home, temporary] = ['person', 'tmp'].map((entry) => join(sandbox.root, entry)) as [string, string];
  for (const directory of [home, temporary]) mkdirSync(directory);
  const env = {
    ...fakeApiEnvironment(api.url, { maxRetries: 0 }),
    HOME: home,
    TMPDIR: temporary,
    CLAUDE_CODE_EXECUTABLE: await api.executable(claude),
  };
  const spec = conformanceSpec(sandbox, name, claudeCommands, { program: 'claude', env });
  // Each start takes a second on a machine that does nothing else.
  defineConformance({ ...spec, testTimeoutMs: 45_000 }, { describe, test, afterEach });
}
