import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { claudeCommands, defineConformance } from '@ccb/conformance';
import { fakeClaudeFile } from '@ccb/conformance/claude';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { conformanceSpec } from '../testing/conformance-spec.ts';
import { Sandbox } from '../testing/sandbox.ts';

const sandbox = new Sandbox();
afterAll(() => sandbox[Symbol.asyncDispose]());
const home = join(sandbox.root, 'person');
mkdirSync(home);

const env = { HOME: home, CLAUDE_CODE_EXECUTABLE: fileURLToPath(fakeClaudeFile) };
const spec = conformanceSpec(sandbox, 'process with a scripted Claude Code', claudeCommands, {
  program: 'claude',
  env,
});
// Where there is a real one, the suite runs on that, and the scripted one is compared with it elsewhere.
if (process.env.CCB_CLAUDE === undefined || process.env.CCB_WHOLE === '1') {
  defineConformance(spec, { describe, test, afterEach });
} else {
  test('a scripted Claude Code answers as the suite asks', async () => {
    const instance = await sandbox.create('scripted', { program: 'claude', env });
    expect(await instance.sendCommandAndWait(claudeCommands.echo('hello'))).toMatchObject({ output: 'hello' });
    await instance.cleanup({ remove: true });
  });
}
