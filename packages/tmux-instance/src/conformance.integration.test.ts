import { defineConformance, shellCommands } from '@ccb/conformance';
import { afterAll, afterEach, describe, test } from 'vitest';
import { conformanceSpec } from './testing/conformance-spec.ts';
import { Sandbox } from './testing/sandbox.ts';

const sandbox = new Sandbox();
afterAll(() => sandbox[Symbol.asyncDispose]());
// A terminal has one stream for output and errors, and its keyboard is open for as long as it is there; what a child in
// the background writes appears whenever it does.
const commands = { ...shellCommands, stderr: null, readStdin: null, background: null };
defineConformance(conformanceSpec(sandbox, 'tmux with a shell', commands), { describe, test, afterEach });
