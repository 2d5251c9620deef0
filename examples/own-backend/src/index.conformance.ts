// What proves it: npm test
import * as runner from 'node:test';
import { defineConformance, shellCommands } from '@ccb/conformance';
import { sshBackend } from './index.ts';

defineConformance(
  {
    name: 'ssh',
    // It does not tell what was written to stderr, and waits for what a command left in the background.
    commands: { ...shellCommands, stderr: null, background: null },
    create: ({ name, signal }) => sshBackend.create({ type: 'ssh', name, argv: ['sh', '-c'] }, { signal }),
    reopen: (record) => sshBackend.open(record),
    faults: { killProgram: null, killAgent: null, killBackend: null, freeze: null },
    leaks: async () => [],
  },
  {
    describe: (name, body) => void runner.describe(name, body),
    test: (name, body) => void runner.test(name, body),
    afterEach: (body) => runner.afterEach(body),
  },
);
