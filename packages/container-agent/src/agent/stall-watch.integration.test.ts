import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StallOptions } from '@ccb/instance-interface';
import { NamedPipeChannel } from '@ccb/named-pipe';
import { makeFifo } from '@ccb/named-pipe/fifo';
import { afterEach, expect, test, vi } from 'vitest';
import { instanceLayout } from '../host/layout.ts';
import type { AgentFrame, HostFrame, JournalFrame } from '../protocol/frames.ts';
import { Agent } from './agent.ts';
import { processStat } from './proc.ts';
import { Conversation } from './testing/conversation.ts';
import { quiet, Rig } from './testing/rig.ts';

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const each of undo.splice(0).reverse()) await each();
});

/** A shell beside an agent, and somebody who talks to it. */
async function shell(stall: StallOptions): Promise<Conversation> {
  const root = mkdtempSync(join(tmpdir(), 'ccb-stall-'));
  undo.push(() => rmSync(root, { recursive: true }));
  const layout = instanceLayout(join(root, 'box'), 'box');
  for (const path of [layout.pipesDirectory, layout.state]) mkdirSync(path, { recursive: true, mode: 0o700 });
  for (const kind of ['in', 'out', 'ctl']) await makeFifo(`${layout.pipes}.${kind}.fifo`);
  const settings = {
    version: 1 as const,
    name: 'box',
    instanceId: `test-${process.pid}-stall`,
    pipes: layout.pipes,
    state: layout.state,
    program: 'shell',
    programArgs: [],
    workspace: root,
    env: { PATH: process.env.PATH ?? '/usr/bin:/bin', HOME: root },
    secrets: [],
    stall,
  };
  const agent = await Agent.start(settings, '0.0.0', quiet);
  undo.push(() => agent[Symbol.asyncDispose]());
  const channel = await NamedPipeChannel.connect<AgentFrame, HostFrame>(layout.pipes, { lock: false });
  undo.push(() => channel.close({ timeoutMs: 100 }));
  const host = new Conversation(channel);
  host.hello('host');
  await host.heard('hello');
  host.say({ type: 'configure', secrets: {} });
  await host.heard('configured');
  return host;
}

async function pidOf(host: Conversation): Promise<number> {
  host.say({ type: 'ping', n: 1 });
  return (await host.heard('pong')).pid as number;
}

test('a shell that is stopped is told as frozen, ended at its limit by the last means, and replaced', async () => {
  const host = await shell({ afterMs: 200, limitsMs: { frozen: 1_000 } });
  const pid = await pidOf(host);
  host.say({ type: 'command', id: 'a', text: 'echo up; sleep 100' });
  host.say({ type: 'command', id: 'b', text: 'echo again' });
  expect(await host.heard('event')).toMatchObject({ event: { text: 'up\n' } });
  process.kill(pid, 'SIGSTOP');
  const evidence = `its process (${pid}) is stopped`;
  expect(await host.heard('event')).toMatchObject({
    id: 'a',
    event: { type: 'status', status: 'stalled', cause: 'frozen', message: expect.stringContaining(evidence) },
  });
  // A stopped process obeys neither SIGINT nor SIGTERM.
  expect(await host.heard('end')).toMatchObject({
    id: 'a',
    result: {
      status: 'failed',
      completedBy: 'deadline',
      error: { code: 'CCB_STALLED', message: expect.stringContaining(evidence), retryable: true },
    },
  });
  expect(processStat(pid)).toBeUndefined();
  expect(await host.heard('end')).toMatchObject({ id: 'b', result: { success: true } });
  const events = host.got.filter((frame): frame is Extract<JournalFrame, { type: 'event' }> => frame.type === 'event');
  expect(events.map(({ id, event }) => [id, event.type === 'status' ? event.status : event.type])).toEqual([
    ['a', 'restarted'],
    ['b', 'text'],
  ]);
}, 30_000);

test('a shell that is set going again after it was told goes on, and its command ends as it would have', async () => {
  const host = await shell({ afterMs: 100, limitsMs: { frozen: 60_000 } });
  const pid = await pidOf(host);
  host.say({ type: 'command', id: 'a', text: 'echo up; sleep 0.5; echo done' });
  await host.heard('event');
  process.kill(pid, 'SIGSTOP');
  expect(await host.heard('event')).toMatchObject({ event: { cause: 'frozen' } });
  process.kill(pid, 'SIGCONT');
  expect(await host.heard('end')).toMatchObject({ id: 'a', result: { success: true } });
});

test('a shell whose command is merely silent is not judged', async () => {
  const host = await shell({ afterMs: 50, limitsMs: { frozen: 50, dead: 50, unfinished: 50 } });
  host.say({ type: 'command', id: 'a', text: 'sleep 1.5; echo done' });
  expect(await host.heard('end')).toMatchObject({ result: { success: true } });
  expect(host.got.flatMap((frame) => (frame.type === 'event' ? [frame.event.type] : []))).toEqual(['text']);
});

test('a process that was killed and that nobody has reaped is dead', async () => {
  // Bash has a child, and becomes a program that never asks what became of it.
  const parent = spawn('bash', ['-c', 'sleep 100 & echo $!; exec sleep 100'], { stdio: ['ignore', 'pipe', 'ignore'] });
  const gone = once(parent, 'exit');
  undo.push(async () => {
    parent.kill('SIGKILL');
    await gone;
  });
  const [line] = (await once(parent.stdout, 'data')) as [Buffer];
  const pid = Number(String(line));
  await vi.waitFor(() => expect(processStat(parent.pid as number)?.state).toBe('S'));
  process.kill(pid, 'SIGKILL');
  const rig = new Rig({ stall: { afterMs: 100, limitsMs: { dead: 100 } } });
  rig.driver.pid = pid;
  rig.driver.onInterrupt = () => rig.driver.turn.end();
  rig.command('a');
  await vi.waitFor(() => expect(rig.end('a')).toBeDefined(), { timeout: 5_000 });
  expect(processStat(pid)?.state).toBe('Z');
  expect(rig.end('a')?.result.error).toMatchObject({
    code: 'CCB_STALLED',
    message: expect.stringMatching(`\\(dead\\): its process \\(${pid}\\) is gone`),
  });
});
