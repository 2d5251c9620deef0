import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { makePipes } from '@ccb/container-agent';
import type { LogEntry } from '@ccb/instance-interface';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { asDockerRecord } from '../container/docker-data.ts';
import type { DockerContainer } from '../docker-container.ts';
import { processesOf } from '../testing/processes.ts';
import { docker, Sandbox } from '../testing/sandbox.ts';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await Sandbox.make();
});
afterAll(() => sandbox[Symbol.asyncDispose]());

const AGENT = /^node .*agent\.cjs .*settings/;

function containerOf({ record }: DockerContainer): string {
  return asDockerRecord(record).data.containerName;
}

test.concurrent.each(['auto', 'exec'] as const)(
  'an agent that is frozen (reached by %s) is said to be, and no second one is started',
  async (transport) => {
    const name = `frozen-${transport}`;
    const box = await sandbox.create(name, { transport });
    await box.sendCommandAndWait('x=kept');
    await box.detach();
    const container = containerOf(box);
    const [agent = 0] = await processesOf(container, AGENT);
    process.kill(agent, 'SIGSTOP');
    const log: LogEntry[] = [];
    const again = await sandbox.open(box.record, { timeoutMs: 30_000, log: (entry) => log.push(entry) });
    expect(again.state).toBe('unreachable');
    expect((await again.getInfo()).problem).toMatch(/is there but says nothing.*kill -CONT/);
    expect(await again.isRunning({ timeoutMs: 500 })).toBe(false);
    expect(await processesOf(container, AGENT)).toEqual([agent]);
    expect(log.filter(({ event }) => event === 'agent.started_by_exec')).toEqual([]);
    process.kill(agent, 'SIGCONT');
    expect(await again.sendCommandAndWait('echo $x')).toMatchObject({ output: 'kept\n' });
  },
);

test.concurrent('pipes that were asked for by name, and do not meet, are an error that says so', async () => {
  const box = await sandbox.create('forced', { transport: 'fifo' });
  await box.start();
  await box.detach();
  const layout = sandbox.layout('forced');
  renameSync(layout.pipesDirectory, `${layout.pipesDirectory}.away`);
  mkdirSync(layout.pipesDirectory, { mode: 0o700 });
  await makePipes(layout);
  const again = await sandbox.open(box.record, { timeoutMs: 20_000 });
  expect(again.state).toBe('unreachable');
  const { problem } = await again.getInfo();
  expect(problem).toMatch(/no handshake came back through its pipes within 10000 ms.*transport: 'auto' or 'exec'/);
});

test.concurrent('a paused container is said to be paused, and what to do', async () => {
  const box = await sandbox.create('paused');
  await box.start();
  await docker('pause', 'ccb-paused');
  await box.detach();
  const again = await sandbox.open(box.record);
  expect(again.state).toBe('unreachable');
  await expect(again.start()).rejects.toMatchObject({
    code: 'CCB_AGENT_FROZEN',
    message: expect.stringContaining('docker unpause ccb-paused'),
  });
  await docker('unpause', 'ccb-paused');
  expect(await again.sendCommandAndWait('echo goes on')).toMatchObject({ output: 'goes on\n' });
});

test.concurrent('an agent that cannot start is an error with its end and its last words', async () => {
  const box = await sandbox.create('broken');
  const { agentLock } = sandbox.layout('broken');
  mkdirSync(agentLock);
  const error = await box.start().catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: 'CCB_AGENT_UNREACHABLE', retryable: true });
  expect((error as Error).message).toMatch(/container ccb-broken: exit \d+; its log ends:\n.*agent\.lock/s);
  expect(box.state).toBe('failed');
  rmSync(agentLock, { recursive: true });
  expect(await box.sendCommandAndWait('echo mended')).toMatchObject({ output: 'mended\n' });
});

test.concurrent('one that cannot be brought into a container either, with what was tried', async () => {
  const name = `ccb-test-care-${process.pid}`;
  await docker('run', '-d', '--init', '--network', 'none', '--name', name, sandbox.image, 'sleep', '600');
  try {
    const box = await sandbox.create('unwelcome', {
      adopt: { container: name },
      image: undefined,
      network: undefined,
      workspace: undefined,
    });
    const { root } = asDockerRecord(box.record).data;
    await docker('exec', name, 'sh', '-c', `echo in the way > ${root}`);
    await expect(box.start()).rejects.toMatchObject({
      code: 'CCB_AGENT_UNREACHABLE',
      message: expect.stringMatching(new RegExp(`could not be put into ${root} of ${name}: .*(EEXIST|ENOTDIR)`)),
    });
    await docker('exec', name, 'rm', root);
    expect(await box.sendCommandAndWait('echo welcome')).toMatchObject({ output: 'welcome\n' });
    await box.cleanup({ remove: true });
  } finally {
    await docker('rm', '--force', name);
  }
});

test.concurrent('restarted while no host is there, it waits for its secrets, which are given at the next opening', async () => {
  const box = await sandbox.create('alone', { env: { TOKEN: 'alone-secret' } });
  await box.sendCommandAndWait('echo $TOKEN');
  await box.detach();
  await docker('restart', '--time', '5', 'ccb-alone');
  expect(await processesOf('ccb-alone', /bash --norc/)).toEqual([]);
  await expect(sandbox.open(box.record, { env: { OTHER: 'x' } })).rejects.toBeInstanceOf(TypeError);
  const without = await sandbox.open(box.record).catch((error: unknown) => error);
  expect(without).toMatchObject({ code: 'CCB_SECRET_MISSING', message: expect.stringContaining('TOKEN') });
  const again = await sandbox.open(box.record, { env: { TOKEN: 'alone-secret' } });
  expect(await again.sendCommandAndWait('echo $TOKEN')).toMatchObject({ output: 'alone-secret\n' });
});
