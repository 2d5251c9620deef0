/**
 * A bridge to be killed: reads one answer and tells of each event, complete, on its standard output, one JSON text per
 * line. `bridge.ts REQUEST`
 */
import { writeSync } from 'node:fs';
import { type Backend, InstanceError, type InstanceRecord } from '@ccb/instance-interface';
import type { BridgeLine, BridgeRequest } from '../bridge.ts';

const { record, id, text, after, env, next } = JSON.parse(process.argv[2] as string) as BridgeRequest;

// Synchronously: a line is told before the next event is taken.
function tell(line: BridgeLine): void {
  const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
  for (let sent = 0; sent < bytes.length; ) sent += writeSync(1, bytes, sent);
}

// Each costs only those bridges that use it.
async function backendOf({ type }: InstanceRecord): Promise<Backend> {
  if (type === 'docker') return (await import('@ccb/docker-instance')).dockerBackend();
  if (type === 'tmux') return (await import('@ccb/tmux-instance')).tmuxBackend();
  return (await import('@ccb/process-instance')).processBackend();
}

try {
  const instance = await (await backendOf(record)).open(record, { env, permission: 'allow' });
  await instance.start();
  tell({ type: 'opened', program: (await instance.getInfo()).program.pid });
  const stream = after === undefined ? instance.sendCommand(text, { id }) : instance.resumeCommand(id, { after });
  tell({ type: 'asked' });
  for await (const event of stream.events()) tell({ type: 'event', event });
  tell({ type: 'result', result: await stream.result });
  if (next !== undefined) {
    const { output, success } = await instance.sendCommandAndWait(next);
    tell({ type: 'next', output, success });
  }
  await instance.detach();
} catch (error) {
  const code = InstanceError.is(error) ? error.code : 'UNTYPED';
  tell({ type: 'error', code, message: error instanceof Error ? error.message : String(error) });
}
