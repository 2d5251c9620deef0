import { afterAll, beforeAll, expect, test } from 'vitest';
import { asDockerRecord } from '../container/docker-data.ts';
import { EngineProxy } from '../testing/engine-proxy.ts';
import { processesOf } from '../testing/processes.ts';
import { docker, Sandbox } from '../testing/sandbox.ts';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await Sandbox.make();
});
afterAll(() => sandbox[Symbol.asyncDispose]());

test.concurrent('starts that are asked for at once are one start, and the first command is another caller of it', async () => {
  await using proxy = await EngineProxy.start();
  await using own = await Sandbox.make({ docker: proxy.client() });
  const box = await own.create('one-start');
  expect(box.state).toBe('stopped');
  const first = box.sendCommandAndWait('echo ready');
  await Promise.all([box.start(), box.start(), box.start()]);
  expect(await first).toMatchObject({ output: 'ready\n' });
  await box.start();
  expect(
    proxy.taken().filter((request) => request.endsWith('/start') && request.includes('/containers/')),
  ).toHaveLength(1);
});

test.concurrent('a container that was stopped is started by the next command, and its pipes meet again', async () => {
  const box = await sandbox.create('stopped');
  await box.sendCommandAndWait('x=5; cd /usr; echo kept > ~/file');
  await docker('stop', '--time', '5', 'ccb-stopped');
  expect(await box.isRunning()).toBe(false);
  expect(await box.sendCommandAndWait('echo "[$x]"; pwd; cat ~/file')).toMatchObject({
    output: '[]\n/workspace\nkept\n',
  });
  expect(await box.getInfo()).toMatchObject({ transport: 'fifo', state: 'running' });
});

test.concurrent('a caller who does not wait on leaves the start to the others', async () => {
  const box = await sandbox.create('patient');
  const [left, stayed] = await Promise.allSettled([box.start({ timeoutMs: 1 }), box.start()]);
  expect(left).toMatchObject({ status: 'rejected', reason: { code: 'CCB_TIMEOUT' } });
  expect(stayed.status).toBe('fulfilled');
  expect(await box.isRunning()).toBe(true);
});

test.concurrent('stop asks the agent, and then the engine; it keeps the container and what is in its home', async () => {
  await using proxy = await EngineProxy.start();
  await using own = await Sandbox.make({ docker: proxy.client() });
  const box = await own.create('politely');
  await box.sendCommandAndWait('trap "echo asked > ~/trace" TERM; sleep 300 &');
  const running = box.sendCommand('sleep 300');
  proxy.taken();
  await box.stop();
  expect(box.state).toBe('stopped');
  await expect(running.result).rejects.toMatchObject({ code: 'CCB_STOPPED' });
  const asked = proxy.taken().filter((request) => request.startsWith('POST'));
  expect(asked.filter((request) => request.includes('/kill'))).toEqual([]);
  const end = await docker('inspect', '--format', '{{.State.Running}} {{.State.ExitCode}}', 'ccb-politely');
  expect(end).toBe('false 0');
  await box.stop();
  expect(box.state).toBe('stopped');
  expect(await box.isRunning()).toBe(false);
});

test.concurrent('an agent that is frozen is stopped by force, when its grace is over', async () => {
  const box = await sandbox.create('frozen-stop');
  await box.start();
  const [agent = 0] = await processesOf('ccb-frozen-stop', /^node .*agent\.cjs .*settings/);
  process.kill(agent, 'SIGSTOP');
  await box.stop({ graceMs: 500, timeoutMs: 20_000 });
  expect(box.state).toBe('stopped');
  expect(await docker('inspect', '--format', '{{.State.Running}}', 'ccb-frozen-stop')).toBe('false');
  expect(await box.sendCommandAndWait('echo again')).toMatchObject({ output: 'again\n' });
});

test.concurrent('a paused container is stopped too', async () => {
  const box = await sandbox.create('paused-stop');
  await box.start();
  await docker('pause', 'ccb-paused-stop');
  await box.stop({ graceMs: 500, timeoutMs: 20_000 });
  expect(await docker('inspect', '--format', '{{.State.Status}}', 'ccb-paused-stop')).toBe('exited');
});

test.concurrent('a container that somebody removed is made again from the record, on the engine that it was made on', async () => {
  const box = await sandbox.create('again');
  await box.sendCommandAndWait('echo kept > ~/file', { id: 'first' });
  await docker('rm', '--force', 'ccb-again');
  expect(await box.sendCommandAndWait('cat ~/file')).toMatchObject({ output: 'kept\n' });
  let replayed = '';
  for await (const entry of box.history()) if (entry.type === 'command') replayed += `${entry.commandId} `;
  expect(replayed).toMatch(/^first /);
});

test.concurrent('with another engine than its own nothing is made there, and the directory is not forgotten', async () => {
  await using other = await EngineProxy.start('tcp');
  const box = await sandbox.create('elsewhere');
  const { data } = asDockerRecord(box.record);
  expect(data.engine).toBe('unix:///var/run/docker.sock');
  await box.detach();
  // To the other engine it is unknown.
  await docker('rm', '--force', 'ccb-elsewhere');
  other.taken();
  const refusal = {
    code: 'CCB_NOT_FOUND',
    message: expect.stringMatching(/made on the engine at unix:\/\/\/var.*tcp:.*DOCKER_HOST=unix/),
  };
  await expect(sandbox.open(box.record, { docker: other.client() })).rejects.toMatchObject(refusal);
  const foreign = await sandbox.open(box.record, { docker: other.client(), mode: 'observe' }).catch(() => undefined);
  expect(foreign).toBeUndefined();
  expect(other.taken().filter((request) => !request.startsWith('GET'))).toEqual([]);
  const back = await sandbox.open(box.record);
  expect(await back.sendCommandAndWait('echo here')).toMatchObject({ output: 'here\n' });
});
