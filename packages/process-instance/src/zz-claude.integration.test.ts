import { fileURLToPath } from 'node:url';
import { claudeCommands, defineConformance } from '@ccb/conformance';
import { afterAll, afterEach, describe, test } from 'vitest';
import { conformanceSpec } from './testing/conformance-spec.ts';
import { Sandbox } from './testing/sandbox.ts';

const sandbox = new Sandbox();
afterAll(() => sandbox[Symbol.asyncDispose]());
const claude = fileURLToPath(new URL('../../conformance/dist/fake-claude.cjs', import.meta.url));
defineConformance(
  conformanceSpec(sandbox, 'process with a fake Claude Code', claudeCommands, {
    program: 'claude',
    env: { CLAUDE_CODE_EXECUTABLE: claude },
  }),
  { describe, test, afterEach },
);
