import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CommandEvent, HistoryEntry } from '@ccb/instance-interface';
import { isLocked, whenFree } from '@ccb/named-pipe/lock';
import { expect, test } from 'vitest';
import { ProcessInstance } from './process-instance.ts';
import { isAlive, Sandbox } from './testing/sandbox.ts';

async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
}

function described(entries: readonly HistoryEntry[]): string[] {
  return entries.map((entry) => `${entry.commandId} ${entry.type}`);
}

test('a conversation: output as it comes, both streams, the status, and a state that stays', async () => {
  await using sandbox = new Sandbox();
  const box = await sandbox.create('box');
  expect(box.state).toBe('stopped');
  expect(await box.isRunning()).toBe(false);
  let text = '';
  const first = box.sendCommand('echo one; cd /usr; x=5; echo oops >&2; echo two');
  for await (const piece of first) text += piece;
  expect(text).toBe('one\ntwo\n');
  expect(await first.result).toMatchObject({ success: true, exitCode: 0, outputBytes: 8 });
  expect(await box.sendCommandAndWait('pwd; echo $x; false')).toMatchObject({
    success: false,
    status: 'failed',
    exitCode: 1,
    output: '/usr\n5\n',
  });
  const events = await all<CommandEvent>(box.sendCommand('echo a; echo b >&2').events());
  expect(
    events.filter(({ type }) => type === 'text').map((event) => ('stream' in event ? event.stream : 'stdout')),
  ).toContain('stderr');
  expect(await box.isRunning()).toBe(true);
  const info = await box.getInfo();
  expect(info).toMatchObject({
    state: 'running',
    transport: 'fifo',
    queued: 0,
    holder: { pid: process.pid },
    program: { name: 'shell' },
  });
  expect(readFileSync(`/proc/${info.program.pid}/comm`, 'utf8')).toBe('bash\n');
});

test('the program has a terminal-free environment made from nothing, and no descriptor of the agent or the host', async () => {
  await using sandbox = new Sandbox();
  process.env.CCB_TEST_SECRET = 'not for the program';
  try {
    const box = await sandbox.create('box', { env: { GIVEN: 'a value' } });
    const { output } = await box.sendCommandAndWait('env | cut -d= -f1');
    const names = output.trim().split('\n');
    expect(names).toContain('GIVEN');
    expect(names).toContain('CCB_INSTANCE');
    expect(names).not.toContain('CCB_TEST_SECRET');
    const { program } = await box.getInfo();
    const mine = new Set(descriptors(process.pid));
    const agents = descriptors(sandbox.agent('box'));
    const ours = descriptors(program.pid as number).filter((target) => agents.includes(target) || mine.has(target));
    // What everybody has who was started from the same place.
    expect(ours.filter((target) => target !== '/dev/null' && !inherited.includes(target))).toEqual([]);
  } finally {
    delete process.env.CCB_TEST_SECRET;
  }
});

/** Open before any test ran, or left by whoever started the tests. */
const inherited = descriptors(process.pid);

function descriptors(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${fd}`)];
    } catch {
      return [];
    }
  });
}

test.each(['detach', 'hold'] as const)(
  'an instance outlives its host (%s, the latter killed) and goes on where it was, held by another',
  async (plan) => {
    await using sandbox = new Sandbox();
    const host = await sandbox.host('box', plan);
    const agent = sandbox.agent('box');
    if (plan === 'hold') host.child.kill('SIGKILL');
    expect(await host.exit).toEqual(plan === 'hold' ? [null, 'SIGKILL'] : [0, null]);
    const found = await sandbox.backend.discover();
    expect(found).toMatchObject([
      { type: 'process', name: 'box', ours: true, description: 'shell, agent running', record: host.record },
    ]);
    const box = await sandbox.open(found[0]?.record ?? host.record);
    expect(box.state).toBe('running');
    expect(sandbox.agent('box')).toBe(agent);
    expect(await box.sendCommandAndWait('echo $kept; pwd')).toMatchObject({ output: 'yes\n/usr\n' });
    expect(await all(box.resumeCommand('first').text())).toEqual(['first\n']);
    const again = box.sendCommand('echo first', { id: 'first' });
    await expect(again.result).rejects.toMatchObject({ code: 'CCB_ID_CONFLICT' });
  },
);

test('stop ends every process of it and keeps history; start begins in the workspace, with nothing in memory', async () => {
  await using sandbox = new Sandbox();
  const box = await sandbox.create('box');
  const { output } = await box.sendCommandAndWait('cd /; x=5; sleep 300 & setsid sleep 300 & echo $!', { id: 'a' });
  await box.stop();
  expect(box.state).toBe('stopped');
  expect(isAlive(Number(output))).toBe(false);
  expect(await isLocked(sandbox.layout('box').agentLock)).toBe(false);
  expect(await box.sendCommandAndWait('echo "[$x]"; pwd', { id: 'b' })).toMatchObject({
    output: `[]\n${sandbox.workspace}\n`,
  });
  expect(described(await all(box.history())).filter((line) => !line.endsWith('status'))).toEqual([
    'a command',
    'a text',
    'a end',
    'b command',
    'b text',
    'b end',
  ]);
});

test('stop in the middle of a command fails that command, and what waited, as stopped', async () => {
  await using sandbox = new Sandbox();
  const box = await sandbox.create('box');
  const running = box.sendCommand('echo begun; sleep 300', { id: 'a' });
  const reader = running.text()[Symbol.asyncIterator]();
  expect((await reader.next()).value).toBe('begun\n');
  const waiting = box.sendCommand('echo never');
  await box.stop();
  await expect(running.result).rejects.toMatchObject({ code: 'CCB_STOPPED' });
  await expect(waiting.result).rejects.toMatchObject({ code: 'CCB_STOPPED' });
  const end = (await all(box.history())).find((entry) => entry.type === 'end' && entry.commandId === 'a');
  expect(end).toMatchObject({ result: { status: 'failed', error: { code: 'CCB_STOPPED' } } });
});

test.each(['SIGTERM', 'SIGINT'] as const)(
  'an agent that gets %s ends its program in good order, and the next command starts both again',
  async (signal) => {
    await using sandbox = new Sandbox();
    const box = await sandbox.create('box');
    const { output } = await box.sendCommandAndWait('sleep 300 & echo $!');
    const stopped = new Promise<void>((resolve) => box.onStateChange(({ to }) => to === 'stopped' && resolve()));
    const free = whenFree(sandbox.layout('box').agentLock, { timeoutMs: 10_000 });
    process.kill(sandbox.agent('box'), signal);
    await Promise.all([stopped, free]);
    expect(isAlive(Number(output))).toBe(false);
    expect(readdirSync(sandbox.layout('box').state)).not.toContain('program.json');
    expect(await box.sendCommandAndWait('echo again')).toMatchObject({ output: 'again\n' });
  },
);

test('a log that has grown large is put aside at the next launch', async () => {
  await using sandbox = new Sandbox();
  const box = await sandbox.create('box');
  const { agentLog } = sandbox.layout('box');
  writeFileSync(agentLog, `${'x'.repeat(1024 * 1024)}\n`);
  await box.start();
  expect(statSync(agentLog).size).toBeLessThan(10_000);
  expect(statSync(`${agentLog}.1`).size).toBe(1024 * 1024 + 1);
});

test('cleanup removes everything that is of the instance, and nothing else', async () => {
  await using sandbox = new Sandbox();
  const box = await sandbox.create('box');
  const other = await sandbox.create('other');
  const { output } = await box.sendCommandAndWait('sleep 300 & echo $!; echo x > mine');
  const agent = sandbox.agent('box');
  await box.cleanup();
  expect(box.state).toBe('closed');
  expect([agent, Number(output)].filter(isAlive)).toEqual([]);
  expect(existsSync(sandbox.layout('box').directory)).toBe(false);
  expect(readFileSync(join(sandbox.workspace, 'mine'), 'utf8')).toBe('x\n');
  expect(statSync(other.record.workspace as string).isDirectory()).toBe(true);
  await expect(ProcessInstance.open(box.record)).rejects.toMatchObject({ code: 'CCB_NOT_FOUND' });
  expect(await other.sendCommandAndWait('echo fine')).toMatchObject({ output: 'fine\n' });
});

test('cleanup with remove: false ends it and keeps its files; it can be opened, and goes on', async () => {
  await using sandbox = new Sandbox();
  const box = await sandbox.create('box');
  await box.sendCommandAndWait('echo one', { id: 'a' });
  const agent = sandbox.agent('box');
  await box.cleanup({ remove: false });
  expect(isAlive(agent)).toBe(false);
  const again = await sandbox.open(box.record);
  expect(again.state).toBe('stopped');
  expect((await all(again.resumeCommand('a').text())).join('')).toBe('one\n');
  await again.cleanup();
  expect(existsSync(sandbox.layout('box').directory)).toBe(true);
  await (await sandbox.open(box.record)).cleanup({ remove: true });
  expect(existsSync(sandbox.layout('box').directory)).toBe(false);
});

test('what a background child writes after the end is late, in its own command, with and without another beside it', async () => {
  await using sandbox = new Sandbox();
  const box = await sandbox.create('box');
  const gate = join(sandbox.root, 'gate');
  await box.sendCommandAndWait(`mkfifo ${gate}; (read line < ${gate}; echo late $line) & echo now`, { id: 'a' });
  const stop = new AbortController();
  const lateText = (async () => {
    for await (const entry of box.history({ follow: true, signal: stop.signal })) {
      if (entry.type === 'text' && entry.late) return entry;
    }
    return undefined;
  })();
  const beside = await box.sendCommandAndWait(`echo word > ${gate}; sleep 0.2; echo mine`, { id: 'b' });
  expect(beside.output).toBe('mine\n');
  expect(await lateText).toMatchObject({ commandId: 'a', text: 'late word\n' });
});

test('an agent whose directory is removed ends itself and its program', async () => {
  await using sandbox = new Sandbox();
  const box = await sandbox.create('box');
  const { output } = await box.sendCommandAndWait('sleep 300 & echo $!');
  const lock = sandbox.layout('box').agentLock;
  const free = whenFree(lock, { timeoutMs: 10_000 });
  const stopped = new Promise<void>((resolve) => box.onStateChange(({ to }) => to === 'stopped' && resolve()));
  rmSync(sandbox.layout('box').directory, { recursive: true });
  await Promise.all([free, stopped]);
  expect(isAlive(Number(output))).toBe(false);
  await expect(box.start()).rejects.toMatchObject({ code: 'CCB_NOT_FOUND' });
});

test('create leaves nothing when it fails, and a taken name is taken before the record goes out', async () => {
  await using sandbox = new Sandbox();
  const box = await sandbox.create('box');
  const recorded: string[] = [];
  const onRecord = async ({ name }: { readonly name: string }): Promise<void> => void recorded.push(name);
  await expect(sandbox.backend.create({ type: 'process', name: 'box' }, { onRecord })).rejects.toMatchObject({
    code: 'CCB_NAME_TAKEN',
  });
  expect(recorded).toEqual([]);
  await expect(
    sandbox.backend.create({ type: 'process', name: 'next' }, { onRecord: () => Promise.reject(new Error('no room')) }),
  ).rejects.toThrow('no room');
  await expect(
    sandbox.backend.create({ type: 'process', name: 'next' }, { signal: AbortSignal.abort() }),
  ).rejects.toThrow(/abort/);
  expect(readdirSync(join(sandbox.home, 'instances'))).toEqual(['box']);
  expect(await box.sendCommandAndWait('echo fine')).toMatchObject({ output: 'fine\n' });
});

test('a directory of its own choice is where the instance lives, and goes with it', async () => {
  await using sandbox = new Sandbox();
  const directory = join(sandbox.root, 'elsewhere');
  const box = await sandbox.create('box', { directory });
  expect(await box.sendCommandAndWait('pwd')).toMatchObject({ output: `${sandbox.workspace}\n` });
  expect(existsSync(join(directory, 'instance.json'))).toBe(true);
  await box.cleanup();
  expect(existsSync(directory)).toBe(false);
});

test('a stop while a dead agent is being brought back leaves none, and it starts again', async () => {
  await using sandbox = new Sandbox();
  const box = await sandbox.create('box');
  for (let round = 0; round < 5; round += 1) {
    const command = box.sendCommand('echo begun; sleep 300');
    await command.text()[Symbol.asyncIterator]().next();
    const gone = new Promise<void>((resolve) => {
      const unsubscribe = box.onStateChange(({ to }) => {
        if (to !== 'unreachable') return;
        unsubscribe();
        resolve();
      });
    });
    process.kill(sandbox.agent('box'), 'SIGKILL');
    await gone;
    // At once, and somewhat into the start of the next agent.
    for (let turn = 0; turn < round * 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    await box.stop();
    expect(box.state).toBe('stopped');
    await expect(command.result).rejects.toMatchObject({ code: 'CCB_STOPPED' });
    expect(await isLocked(sandbox.layout('box').agentLock)).toBe(false);
  }
  expect(await box.sendCommandAndWait('echo again')).toMatchObject({ output: 'again\n' });
});

test('a cancel ends a command although its reader has stopped, with much left to read', async () => {
  await using sandbox = new Sandbox();
  const box = await sandbox.create('box');
  const stream = box.sendCommand("head -c 8000000 /dev/zero | tr '\\0' x; sleep 300");
  const reader = stream.text({ cancelOnReturn: false })[Symbol.asyncIterator]();
  let read = ((await reader.next()).value as string).length;
  // What was written before is on its way; the reader takes none of it.
  for (let round = 0; round < 100; round += 1) await box.getInfo();
  expect(await stream.cancel()).toMatchObject({ status: 'cancelled' });
  expect(await box.sendCommandAndWait('echo on')).toMatchObject({ output: 'on\n' });
  for (let step = await reader.next(); !step.done; step = await reader.next()) read += step.value.length;
  expect(read).toBeLessThanOrEqual(8_000_000);
});
