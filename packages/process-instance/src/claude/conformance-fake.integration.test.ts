import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { claudeCommands, defineConformance } from '@ccb/conformance';
import { fakeClaudeFile } from '@ccb/conformance/claude';
import { afterAll, afterEach, describe, test } from 'vitest';
import { conformanceSpec } from '../testing/conformance-spec.ts';
import { Sandbox } from '../testing/sandbox.ts';

const sandbox = new Sandbox();
afterAll(() => sandbox[Symbol.asyncDispose]());
const home = join(sandbox.root, 'person');
mkdirSync(home);

const spec = conformanceSpec(sandbox, 'process with a scripted Claude Code', claudeCommands, {
  program: 'claude',
  env: { HOME: home, CLAUDE_CODE_EXECUTABLE: fileURLToPath(fakeClaudeFile) },
});
defineConformance(spec, { describe, test, afterEach });
