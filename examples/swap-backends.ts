// Where an instance lives is configuration: {"type":"process","name":"work"} in ccb.json, or
// {"type":"docker","name":"work","image":"node:24"}, or {"type":"tmux","name":"work"}. node swap-backends.ts [FILE]
import { readFile } from 'node:fs/promises';
import { dockerBackend } from '@ccb/docker-instance';
import { createRegistry, InstanceError } from '@ccb/instance-interface';
import { processBackend } from '@ccb/process-instance';
import { tmuxBackend } from '@ccb/tmux-instance';
import { sshBackend } from './own-backend/src/index.ts';

const registry = createRegistry([processBackend(), dockerBackend(), tmuxBackend(), sshBackend]);
const spec = registry.parseSpec(JSON.parse(await readFile(process.argv[2] ?? 'ccb.json', 'utf8')));
await using instance = await registry.create(spec);
try {
  const { success, output } = await instance.sendCommandAndWait('pwd', { timeoutMs: 30_000 });
  console.log(success, output.trimEnd());
} catch (error) {
  if (!InstanceError.is(error, 'CCB_LOCKED')) throw error;
  console.error(error.message);
}
