import { defineConformance, shellCommands } from '@ccb/conformance';
import { afterAll, afterEach, describe, test } from 'vitest';
import { conformanceSpec } from './testing/conformance-spec.ts';
import { Sandbox } from './testing/sandbox.ts';

const sandbox = new Sandbox();
afterAll(() => sandbox[Symbol.asyncDispose]());

defineConformance(conformanceSpec(sandbox, 'process with a shell', shellCommands), { describe, test, afterEach });
