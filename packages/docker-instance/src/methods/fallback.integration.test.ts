import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { makePipes } from '@ccb/container-agent';
import type { LogEntry } from '@ccb/instance-interface';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { asDockerRecord, type DockerRecord } from '../container/docker-data.ts';
import type { DockerContainer } from '../docker-container.ts';
import { processesOf } from '../testing/processes.ts';
import { Sandbox } from '../testing/sandbox.ts';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await Sandbox.make();
});
afterAll(() => sandbox[Symbol.asyncDispose]());

/** An instance whose FIFOs on the host are others than its container has, as with an engine in a machine of its own. */
async function apart(name: string): Promise<DockerRecord> {
  const box = await sandbox.create(name);
  await box.sendCommandAndWait('x=kept');
  expect((await box.getInfo()).transport).toBe('fifo');
  await box.detach();
  const layout = sandbox.layout(name);
  renameSync(layout.pipesDirectory, `${layout.pipesDirectory}.away`);
  mkdirSync(layout.pipesDirectory, { mode: 0o700 });
  await makePipes(layout);
  return asDockerRecord(box.record);
}

test.concurrent('pipes that do not meet are found out by the missing answer, and a relay takes their place', async () => {
  const record = await apart('apart');
  const log: LogEntry[] = [];
  const box = await sandbox.open(record, { log: (entry) => log.push(entry) });
  expect(box.state).toBe('running');
  expect(await box.sendCommandAndWait('echo $x')).toMatchObject({ output: 'kept\n' });
  expect((await box.getInfo()).transport).toBe('exec');
  expect(log).toContainEqual(
    expect.objectContaining({ level: 'warn', event: 'transport.fallback', transport: 'exec' }),
  );
  expect(log).toContainEqual(expect.objectContaining({ event: 'transport.chosen', transport: 'exec' }));
});

test.concurrent('where there are no pipes at all, the relay is there at once', async () => {
  const box = await sandbox.create('none');
  await box.start();
  await box.detach();
  rmSync(sandbox.layout('none').pipesDirectory, { recursive: true });
  const begun = performance.now();
  const again = await sandbox.open(box.record);
  expect(performance.now() - begun).toBeLessThan(1_400);
  expect((await again.getInfo()).transport).toBe('exec');
});

test.concurrent('the relay, when asked for by name, is used though the pipes would do', async () => {
  const log: LogEntry[] = [];
  const box = await sandbox.create('exec', { transport: 'exec', log: (entry) => log.push(entry) });
  expect(await box.sendCommandAndWait('echo one')).toMatchObject({ output: 'one\n' });
  expect((await box.getInfo()).transport).toBe('exec');
  expect(log.filter(({ event }) => event === 'transport.fallback')).toEqual([]);
});

test.concurrent('a relay that is killed in the middle of an answer costs no byte of it', async () => {
  const box = await sandbox.create('killed', { transport: 'exec' });
  await box.start();
  const stream = box.sendCommand('mkfifo go; seq 200000; read x < go; seq 200000');
  let text = '';
  let killed = 0;
  let going: Promise<unknown> | undefined;
  for await (const piece of stream) {
    text += piece;
    if (killed === 0 && text.length > 100_000) {
      killed += await killRelays(box);
    }
    if (killed > 0 && going === undefined && text.endsWith('200000\n')) {
      // None where what is read came over the first one, and the next is not there yet.
      killed += await killRelays(box);
      going = box.exec(['sh', '-c', 'echo > /workspace/go']);
    }
  }
  await going;
  const whole = Array.from({ length: 200_000 }, (_, n) => `${n + 1}\n`).join('');
  expect(text === whole + whole).toBe(true);
  expect(killed).toBeGreaterThan(0);
  expect(await stream.result).toMatchObject({ success: true });
});

async function killRelays({ record }: DockerContainer): Promise<number> {
  const pids = await processesOf(asDockerRecord(record).data.containerName, /agent\.cjs --relay/);
  for (const pid of pids) process.kill(pid, 'SIGKILL');
  return pids.length;
}
