import { existsSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { asDockerRecord } from '../container/docker-data.ts';
import { EngineProxy } from '../testing/engine-proxy.ts';
import { leaksOf } from '../testing/leaks.ts';
import { docker, Sandbox } from '../testing/sandbox.ts';

const network = `ccb-test-net-${process.pid}`;
let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await Sandbox.make();
});
afterAll(() => sandbox[Symbol.asyncDispose]());

async function traces(name: string): Promise<readonly string[]> {
  return (await leaksOf(sandbox)).filter((trace) => trace.includes(`/instances/${name}`));
}

test.concurrent('nothing is left of an instance that worked: container, network, processes, files; twice is once', async () => {
  await using own = await Sandbox.make();
  const box = await own.create('whole', { network });
  expect(await docker('network', 'ls', '--quiet', '--filter', `name=${network}`)).not.toBe('');
  await box.sendCommandAndWait('setsid sleep 300 & mkdir -m 700 ~/private; echo x > ~/private/x');
  await box.cleanup({ remove: true });
  expect(box.state).toBe('closed');
  await box.cleanup({ remove: true });
  expect(await leaksOf(own)).toEqual([]);
  expect(await docker('network', 'ls', '--quiet', '--filter', `name=${network}`)).toBe('');
});

test.concurrent('one that was never started leaves nothing either, and its end is the end of the block that made it', async () => {
  await using own = await Sandbox.make();
  {
    await using box = await own.create('never');
    expect(existsSync(own.layout(box.name).directory)).toBe(true);
  }
  expect(await leaksOf(own)).toEqual([]);
});

test.concurrent('without remove the container is stopped and kept, and can be opened again', async () => {
  const box = await sandbox.create('kept');
  await box.sendCommandAndWait('echo kept > ~/file');
  await box.cleanup({ remove: false });
  expect(await docker('inspect', '--format', '{{.State.Running}}', 'ccb-kept')).toBe('false');
  const again = await sandbox.open(box.record);
  expect(again.state).toBe('stopped');
  expect(await again.sendCommandAndWait('cat ~/file')).toMatchObject({ output: 'kept\n' });
});

test.concurrent('a container that is gone already is no obstacle', async () => {
  const box = await sandbox.create('gone');
  await box.start();
  await docker('rm', '--force', 'ccb-gone');
  await box.cleanup({ remove: true });
  expect(await traces('gone')).toEqual([]);
});

test.concurrent('with the engine gone it fails, says so, and works when it is called again', async () => {
  await using proxy = await EngineProxy.start();
  await using own = await Sandbox.make({ docker: proxy.client() });
  const box = await own.create('later');
  await proxy.lose();
  await expect(box.cleanup({ remove: true })).rejects.toMatchObject({
    code: 'CCB_BACKEND_UNREACHABLE',
    message: expect.stringContaining(`${proxy.address} could not be asked`),
  });
  expect(existsSync(own.layout('later').directory)).toBe(true);
  await proxy.back();
  await box.cleanup({ remove: true });
  expect(await leaksOf(own)).toEqual([]);
});

test.concurrent('a foreign container of the same name, and a network that was there before, are not touched', async () => {
  const net = `${network}-theirs`;
  await docker('network', 'create', net);
  const box = await sandbox.create('foreign', { network: net });
  await docker('rm', '--force', 'ccb-foreign');
  await docker('create', '--name', 'ccb-foreign', '--network', 'none', sandbox.image, 'true');
  try {
    await expect(box.start()).rejects.toMatchObject({
      code: 'CCB_NAME_TAKEN',
      message: expect.stringMatching(/ccb-foreign .* is not its own, and was not touched\. Rename or remove that one/),
    });
    const before = await docker('inspect', '--format', '{{.Id}} {{.State.Status}}', 'ccb-foreign');
    await box.cleanup({ remove: true });
    expect(await docker('inspect', '--format', '{{.Id}} {{.State.Status}}', 'ccb-foreign')).toBe(before);
    expect(await docker('network', 'ls', '--quiet', '--filter', `name=${net}`)).not.toBe('');
    expect(await traces('foreign')).toEqual([]);
  } finally {
    await docker('rm', '--force', 'ccb-foreign');
    await docker('network', 'rm', net);
  }
});

test.concurrent('a record that another instance’s directory does not know removes nothing of it', async () => {
  const box = await sandbox.create('mine');
  const { data } = asDockerRecord(box.record);
  await box.detach();
  const other = { ...box.record, data: { ...data, instanceId: '00000000-0000-4000-8000-000000000000' } };
  await expect(sandbox.open(other)).rejects.toMatchObject({ code: 'CCB_RECORD_INVALID' });
  expect(await docker('inspect', '--format', '{{.State.Status}}', 'ccb-mine')).toBe('created');
  await (await sandbox.open(box.record)).cleanup({ remove: true });
});
