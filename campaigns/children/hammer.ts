/**
 * One of many processes on one home: reads orders from its standard input, one JSON text per line, and tells what came of
 * each on its standard output. `hammer.ts HOME`
 */
import { createInterface } from 'node:readline';
import { InstanceError, type InstanceInterface } from '@ccb/instance-interface';
import { InstanceManager } from '@ccb/instance-manager';
import { processBackend } from '@ccb/process-instance';
import type { HammerOrder, HammerOutcome } from '../hammer.ts';

const home = process.argv[2] as string;
const manager = new InstanceManager({ home, backends: [processBackend({ home })] });

async function answerOf(instance: InstanceInterface, token: string): Promise<string> {
  try {
    const { output, success, error } = await instance.sendCommandAndWait(`echo ${token}`, { timeoutMs: 20_000 });
    if (!success) throw new InstanceError(error.code, error.message);
    return output.trim();
  } finally {
    await instance.detach();
  }
}

async function obey({ verb, name, other, token }: HammerOrder): Promise<string | undefined> {
  if (verb === 'create') return await answerOf(await manager.create({ type: 'process', name, workspace: home }), token);
  if (verb === 'send') return await answerOf(await manager.open(name), token);
  if (verb === 'stop') {
    const instance = await manager.open(name, { mode: 'observe' });
    await instance.stop();
    await instance.detach();
  }
  if (verb === 'rm') await manager.remove(name, { force: true });
  if (verb === 'rename') await manager.rename(name, other);
  if (verb === 'ls') return (await manager.list()).flatMap((each) => (each.record ? [] : [each.problem])).join('; ');
  return undefined;
}

for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line) as HammerOrder;
  let outcome: HammerOutcome;
  try {
    outcome = { answer: await obey(order) };
  } catch (error) {
    const code = InstanceError.is(error) ? error.code : 'UNTYPED';
    outcome = { code, message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
  process.stdout.write(`${JSON.stringify(outcome)}\n`);
}
