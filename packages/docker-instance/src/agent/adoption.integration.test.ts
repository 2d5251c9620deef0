import type { LogEntry } from '@ccb/instance-interface';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { asDockerRecord } from '../container/docker-data.ts';
import type { DockerSpec } from '../container/docker-spec.ts';
import type { DockerContainer } from '../docker-container.ts';
import { leaksOf } from '../testing/leaks.ts';
import { processesOf } from '../testing/processes.ts';
import { docker, Sandbox } from '../testing/sandbox.ts';

const prefix = `ccb-test-adopt-${process.pid}`;
let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await Sandbox.make();
});
afterAll(() => sandbox[Symbol.asyncDispose]());

/** A container that somebody made by hand, gone after the test. */
class Theirs implements AsyncDisposable {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }

  static async run(word: string, ...options: readonly string[]): Promise<Theirs> {
    const name = `${prefix}-${word}`;
    await docker('run', '-d', '--init', '--network', 'none', '--name', name, ...options, sandbox.image, 'sleep', '600');
    return new Theirs(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await docker('rm', '--force', '--volumes', this.name);
  }
}

function adopting(container: string): Partial<DockerSpec> {
  return { adopt: { container }, image: undefined, network: undefined, workspace: undefined };
}

function rootOf({ record }: DockerContainer): string {
  return asDockerRecord(record).data.root;
}

test.concurrent.each<[string, readonly string[], RegExp]>([
  ['writable', [], /^\/root\/\.ccb-/],
  ['tmpfs', ['--read-only', '--tmpfs', '/tmp'], /^\/tmp\/\.ccb-/],
  ['shm', ['--read-only'], /^\/dev\/shm\/\.ccb-/],
  ['home', ['--user', '1000', '--env', 'HOME=/workspace'], /^\/workspace\/\.ccb-/],
])(
  'a container that is %s gets an agent where it can be written, and is clean and running afterwards',
  async (word, options, root) => {
    await using theirs = await Theirs.run(word, ...options);
    const before = await docker('diff', theirs.name);
    const log: LogEntry[] = [];
    const box = await sandbox.create(word, {
      ...adopting(theirs.name),
      env: { TOKEN: 'a-secret' },
      log: (entry) => log.push(entry),
    });
    expect(rootOf(box)).toMatch(root);
    expect(await box.sendCommandAndWait('x=5; echo $TOKEN')).toMatchObject({ success: true, output: 'a-secret\n' });
    expect(await box.sendCommandAndWait('echo $x')).toMatchObject({ output: '5\n' });
    const info = await box.getInfo();
    expect(info).toMatchObject({ transport: 'exec', container: { name: theirs.name, status: 'running' } });
    expect(await processesOf(theirs.name, /^node .*agent\.cjs/)).not.toEqual([]);
    await box.cleanup({ remove: true });
    expect(await processesOf(theirs.name, /agent\.cjs|bash --norc/)).toEqual([]);
    expect(await docker('inspect', '--format', '{{.State.Running}}', theirs.name)).toBe('true');
    expect(await docker('diff', theirs.name)).toBe(before);
    expect(
      await docker('exec', theirs.name, 'sh', '-c', 'ls -A /tmp /dev/shm /root /workspace | grep ccb || true'),
    ).toBe('');
  },
);

test.concurrent('where nothing can be written each command is an exec of its own, and the capabilities say so', async () => {
  await using theirs = await Theirs.run('nothing', '--read-only', '--user', '1000', '--ipc', 'none');
  const box = await sandbox.create('nothing', { ...adopting(theirs.name), env: { TOKEN: 'a-secret' } });
  expect(asDockerRecord(box.record).data.placement).toBe('none');
  expect(box.capabilities).toMatchObject({ resume: false, history: false, detach: false, interrupt: true });
  expect(await box.sendCommandAndWait('x=5; echo $TOKEN; exit 3')).toMatchObject({
    success: false,
    exitCode: 3,
    output: 'a-secret\n',
  });
  expect(await box.sendCommandAndWait('echo "[$x]"')).toMatchObject({ success: true, output: '[]\n' });
  const long = box.sendCommand('echo begun; exec sleep 300');
  for await (const _ of long.text({ cancelOnReturn: false })) break;
  expect(await box.interrupt()).toBe(true);
  expect(await long.result).toMatchObject({ success: false, status: 'cancelled' });
  expect((await box.getInfo()).transport).toBe('exec-per-command');
  expect(await box.isRunning()).toBe(true);
  await expect(box.resumeCommand('x').result).rejects.toMatchObject({ code: 'CCB_NOT_SUPPORTED' });
  await box.cleanup({ remove: true });
  expect(await processesOf(theirs.name, /sleep 300/)).toEqual([]);
  expect(await docker('inspect', '--format', '{{.State.Running}}', theirs.name)).toBe('true');
});

test.concurrent('one that does not run is started', async () => {
  await using theirs = await Theirs.run('stopped');
  await docker('stop', '--time', '1', theirs.name);
  const box = await sandbox.create('stopped', adopting(theirs.name));
  await box.sendCommandAndWait('echo kept > ~/file');
  await docker('stop', '--time', '1', theirs.name);
  expect(await box.sendCommandAndWait('cat ~/file')).toMatchObject({ output: 'kept\n' });
  await box.stop();
  expect(await docker('inspect', '--format', '{{.State.Running}}', theirs.name)).toBe('true');
  await box.cleanup({ remove: true });
});

test.concurrent('what cannot be adopted is refused, and nothing is left of the attempt', async () => {
  await using theirs = await Theirs.run('refused');
  await docker('pause', theirs.name);
  await expect(sandbox.create('paused', adopting(theirs.name))).rejects.toMatchObject({
    code: 'CCB_INVALID_STATE',
    message: expect.stringContaining(`docker unpause ${theirs.name}`),
  });
  await docker('unpause', theirs.name);
  await expect(sandbox.create('absent', adopting(`${prefix}-no-such`))).rejects.toMatchObject({
    code: 'CCB_NOT_FOUND',
  });
  const own = await sandbox.create('instance');
  await expect(sandbox.create('twice', adopting('ccb-instance'))).rejects.toMatchObject({
    code: 'CCB_NAME_TAKEN',
    message: expect.stringMatching(/is the instance instance already .* Open that one/),
  });
  await own.cleanup({ remove: true });
  const left = (await leaksOf(sandbox)).filter((trace) => /\/(paused|absent|twice)\b/.test(trace));
  expect(left).toEqual([]);
});

test.concurrent('one that is removed behind our back is not found, and can still be cleaned up', async () => {
  const theirs = await Theirs.run('removed');
  const box = await sandbox.create('removed', adopting(theirs.name));
  await box.start();
  await theirs[Symbol.asyncDispose]();
  await expect(box.start()).rejects.toMatchObject({
    code: 'CCB_NOT_FOUND',
    message: expect.stringContaining('Adopt another one'),
  });
  await box.cleanup({ remove: true });
  expect((await leaksOf(sandbox)).filter((trace) => trace.includes('/removed'))).toEqual([]);
});

test.concurrent('its host is killed: another one opens it, observes it, and gets the rest of the answer', async () => {
  await using theirs = await Theirs.run('killed');
  const host = await sandbox.host('killed', 'hold', adopting(theirs.name));
  const beside = await sandbox.open(host.record, { mode: 'observe' });
  expect(await beside.isRunning()).toBe(true);
  await expect(beside.sendCommand('echo no').result).rejects.toMatchObject({ code: 'CCB_LOCKED' });
  await expect(sandbox.open(host.record)).rejects.toMatchObject({ code: 'CCB_LOCKED' });
  host.child.kill('SIGKILL');
  await host.exit;
  const box = await sandbox.open(host.record);
  expect(await box.sendCommandAndWait('echo $kept; pwd')).toMatchObject({ output: 'yes\n/usr\n' });
  let text = '';
  for await (const piece of box.resumeCommand('first')) text += piece;
  expect(text).toBe('first\n');
  await beside.detach();
  await box.cleanup({ remove: true });
  expect(await docker('exec', theirs.name, 'sh', '-c', 'ls -A /root | grep ccb || true')).toBe('');
});

test.concurrent('its agent is killed: the command ends, and another agent is started by exec', async () => {
  await using theirs = await Theirs.run('agent');
  const log: LogEntry[] = [];
  const box = await sandbox.create('agent', { ...adopting(theirs.name), log: (entry) => log.push(entry) });
  await box.start();
  const stream = box.sendCommand('echo begun; sleep 300');
  for await (const _ of stream.text({ cancelOnReturn: false })) break;
  const pids = await processesOf(theirs.name, /^node .*agent\.cjs .*settings/);
  for (const pid of pids) process.kill(pid, 'SIGKILL');
  expect(await stream.result).toMatchObject({ success: false, error: { code: 'CCB_AGENT_LOST' } });
  expect(await box.sendCommandAndWait('echo again')).toMatchObject({ output: 'again\n' });
  expect(await processesOf(theirs.name, /sleep 300/)).toEqual([]);
  // While nobody waits too.
  const [agent = 0] = await processesOf(theirs.name, /^node .*agent\.cjs .*settings/);
  process.kill(agent, 'SIGKILL');
  expect(await box.sendCommandAndWait('echo once more')).toMatchObject({ output: 'once more\n' });
  await box.cleanup({ remove: true });
});
