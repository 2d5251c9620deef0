import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { claudeCommands, defineConformance, shareOf } from '@ccb/conformance';
import { fakeApiEnvironment, startIsolatedApi } from '@ccb/conformance/claude';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { conformanceSpec } from './conformance-spec.ts';
import { Sandbox } from './sandbox.ts';

/** The path of a real one, as `node scripts/claude-code.mjs 2.1.197` prints it. */
const claude = process.env.CCB_CLAUDE;
const name = 'process with a real Claude Code';

/**
 * The suite on a real Claude Code: every `of`-th group, from the `share`-th on (1 is the first). One file for each share,
 * so that they can run beside each other.
 */
export async function conformReal(share: number, of: number): Promise<void> {
  if (claude === undefined) {
    notHere();
    return;
  }
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
  defineConformance({ ...spec, testTimeoutMs: 45_000 }, shareOf({ describe, test, afterEach }, ...edition(share, of)));
}

/** Every other group, unless CCB_WHOLE=1: the ones between are run on the same driver in containers. */
function edition(share: number, of: number): readonly [share: number, of: number] {
  return process.env.CCB_WHOLE === '1' ? [share, of] : [share * 2, of * 2];
}

function notHere(): void {
  describe.skip(`${name} (not here: CCB_CLAUDE is not set)`, () => test('conforms', () => {}));
  if (process.env.CI !== 'true') return;
  test('continuous integration has a real Claude Code', () => {
    expect(claude, 'CCB_CLAUDE is not set').toMatch(/claude$/);
  });
}
