import { claudeCommands, defineConformance, shareOf } from '@ccb/conformance';
import { fakeApiEnvironment, startMountedApi } from '@ccb/conformance/claude';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { conformanceSpec } from './conformance-spec.ts';
import { Sandbox } from './sandbox.ts';
import { ensureTestImage } from './test-image.ts';

/** The path of a real one, as `node scripts/claude-code.mjs 2.1.197` prints it. */
const claude = process.env.CCB_CLAUDE;
const name = 'docker with a real Claude Code, without a network';

/**
 * The suite on a real Claude Code that reaches a fake API through a mount, and nothing else: every `of`-th group, from the
 * `share`-th on (1 is the first). One file for each share, so that they can run beside each other.
 */
export async function conformClaude(share: number, of: number): Promise<void> {
  if (claude === undefined) {
    notHere();
    return;
  }
  const sandbox = await Sandbox.make({ image: await ensureTestImage({ claude }) });
  afterAll(() => sandbox[Symbol.asyncDispose]());
  const target = '/fake-api';
  const api = await startMountedApi({ target, program: '/usr/local/bin/claude' });
  afterAll(() => api.close());
  const spec = conformanceSpec(sandbox, name, claudeCommands, {
    program: 'claude',
    env: { ...fakeApiEnvironment('', { maxRetries: 0 }), CLAUDE_CODE_EXECUTABLE: api.executable },
    mounts: [{ source: api.directory, target, readOnly: true }],
  });
  defineConformance({ ...spec, testTimeoutMs: 45_000 }, shareOf({ describe, test, afterEach }, ...edition(share, of)));
}

/** Every fourth group, unless CCB_WHOLE=1: the others are run on the same driver in a process, or in tmux. */
function edition(share: number, of: number): readonly [share: number, of: number] {
  return process.env.CCB_WHOLE === '1' ? [share, of] : [share * 4 - 1, of * 4];
}

function notHere(): void {
  describe.skip(`${name} (not here: CCB_CLAUDE is not set)`, () => test('conforms', () => {}));
  if (process.env.CI !== 'true') return;
  test('continuous integration has a real Claude Code', () => {
    expect(claude, 'CCB_CLAUDE is not set').toMatch(/claude$/);
  });
}
