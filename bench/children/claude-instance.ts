// Turns of Claude Code through an instance: from the call to the first text, and to the result.

import { readFileSync } from 'node:fs';
import { instanceLayout } from '@ccb/container-agent';
import { readHolder } from '@ccb/named-pipe/lock';
import { processBackend } from '@ccb/process-instance';
import type { ClaudeSetting, ClaudeTurn } from '../claude.ts';
import { serve, setting } from './duty.ts';

const { home, workspace, env } = setting<ClaudeSetting>();
const instance = await processBackend({ home }).create({
  type: 'process',
  name: 'claude',
  program: 'claude',
  workspace,
  env,
  ephemeral: true,
});
await instance.start();

serve(
  async (text: string): Promise<ClaudeTurn> => {
    const before = performance.now();
    let firstMs = 0;
    let answer = '';
    const stream = instance.sendCommand(text);
    for await (const piece of stream) {
      firstMs ||= performance.now() - before;
      answer += piece;
    }
    const result = await stream.result;
    const totalMs = performance.now() - before;
    if (!result.success) throw new Error(result.error.message);
    const { directory } = instance.record.data as { readonly directory: string };
    const agent = readHolder(instanceLayout(directory, instance.name).agentLock)?.pid ?? 0;
    const { pid = 0 } = (await instance.getInfo()).program;
    const residentMb = { agent: resident(agent), bridge: resident(process.pid), claude: resident(pid) };
    return { firstMs, totalMs, answer, residentMb };
  },
  () => instance.cleanup(),
);

function resident(pid: number): number {
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
  return (Number(kibibytes) * 1024) / 1e6;
}
