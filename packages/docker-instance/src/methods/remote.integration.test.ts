import { expect, test } from 'vitest';
import { asDockerRecord } from '../container/docker-data.ts';
import { EngineProxy } from '../testing/engine-proxy.ts';
import { keptOf, leaksOf } from '../testing/leaks.ts';
import { docker, Sandbox } from '../testing/sandbox.ts';

test('an engine of another machine: nothing is shared, all is in volumes, and all of it goes', async () => {
  await using proxy = await EngineProxy.start('tcp');
  await using sandbox = await Sandbox.make({ docker: proxy.client() });
  const box = await sandbox.create('remote', { workspace: undefined, env: { TOKEN: 'remote-secret' } });
  const { data, workspace } = asDockerRecord(box.record);
  expect(workspace).toBeUndefined();
  expect(data).toMatchObject({ engine: proxy.address, placement: 'injected' });
  expect((await keptOf([data.instanceId])).map(({ kind }) => kind).sort()).toEqual(['container', 'volume', 'volume']);

  const first = await box.sendCommandAndWait('pwd; echo $TOKEN; x=5; echo kept > file; echo mine > ~/file', {
    id: 'a',
  });
  expect(first).toMatchObject({ success: true, output: '/workspace\nremote-secret\n' });
  const info = await box.getInfo();
  expect(info).toMatchObject({ transport: 'exec', state: 'running', container: { status: 'running' } });
  // The number is another machine's.
  expect(info.program.pid).toBeUndefined();
  expect(info.container?.volumes.map(({ source }) => source).join()).not.toContain(sandbox.root);
  expect(JSON.stringify(await docker('inspect', data.containerName))).not.toContain('remote-secret');

  // The container dies in the middle of a command, and comes back with the journal that is in the volume.
  const broken = box.sendCommand('echo begun; sleep 60', { id: 'b' });
  const events = broken.events()[Symbol.asyncIterator]();
  await nextText(events);
  await docker('kill', data.containerName);
  expect(await broken.result).toMatchObject({ success: false, error: { code: 'CCB_AGENT_LOST' } });
  expect(await box.sendCommandAndWait('cat file ~/file')).toMatchObject({ output: 'kept\nmine\n' });

  // A second host goes on where the first one was, though its engine was lost meanwhile.
  const running = box.sendCommand('mkfifo ~/go; echo one; read x < ~/go; echo two', { id: 'c' });
  const reading = running.events()[Symbol.asyncIterator]();
  await nextText(reading);
  const { cursor } = running;
  running.result.catch(() => {});
  await box.detach();
  await proxy.lose();
  await proxy.back();
  const again = await sandbox.open(box.record, { docker: proxy.client(), env: { TOKEN: 'x' } });
  expect(again.state).toBe('running');
  const resumed = again.resumeCommand('c', { after: cursor });
  await docker('exec', data.containerName, 'sh', '-c', 'echo > /ccb/home/go');
  let text = '';
  for await (const piece of resumed) text += piece;
  expect(text).toBe('two\n');
  await again.cleanup({ remove: true });
  expect(await leaksOf(sandbox)).toEqual([]);
});

async function nextText(events: AsyncIterator<{ readonly type: string }>): Promise<void> {
  for (;;) {
    const { value, done } = await events.next();
    if (done || value.type === 'text') return;
  }
}
