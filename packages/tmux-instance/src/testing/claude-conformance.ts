import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { claudeCommands, defineConformance, shareOf } from '@ccb/conformance';
import { fakeApiEnvironment, startIsolatedApi } from '@ccb/conformance/claude';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { conformanceSpec } from './conformance-spec.ts';
import { Sandbox } from './sandbox.ts';

/** The path of a real one, as `node scripts/claude-code.mjs 2.1.197` prints it. */
const claude = process.env.CCB_CLAUDE;
const name = 'tmux with a real Claude Code';

/** The suite on Claude Code's terminal interface, without a network: every `of`-th group, from the `share`-th on. */
export async function conformClaude(share: number, of: number): Promise<void> {
  if (claude === undefined) {
    notHere();
    return;
  }
  const sandbox = new Sandbox();
  afterAll(() => sandbox[Symbol.asyncDispose]());
  const api = await startIsolatedApi();
  afterAll(() => api.close());
  const temporary = join(sandbox.root, 'tmp');
  mkdirSync(temporary);
  const env = {
    ...fakeApiEnvironment(api.url, { maxRetries: 0 }),
    TMPDIR: temporary,
    CLAUDE_CODE_EXECUTABLE: await api.executable(claude),
  };
  const spec = conformanceSpec(sandbox, name, claudeCommands, { program: 'claude', env });
  // Hooks tell what it says, and not the output of its pane.
  const faults = { ...spec.faults, killAgent: null };
  // Each start takes a second on a machine that does nothing else.
  defineConformance(
    { ...spec, faults, testTimeoutMs: 45_000 },
    shareOf({ describe, test, afterEach }, ...edition(share, of)),
  );
}

/** A quarter of it, unless CCB_WHOLE=1: lifecycle, time-outs, holders and observers, permissions. */
function edition(share: number, of: number): readonly [share: number, of: number] {
  return process.env.CCB_WHOLE === '1' ? [share, of] : [share * 4 - 3, of * 4];
}

function notHere(): void {
  describe.skip(`${name} (not here: CCB_CLAUDE is not set)`, () => test('conforms', () => {}));
  if (process.env.CI !== 'true') return;
  test('continuous integration has a real Claude Code', () => {
    expect(claude, 'CCB_CLAUDE is not set').toMatch(/claude$/);
  });
}
