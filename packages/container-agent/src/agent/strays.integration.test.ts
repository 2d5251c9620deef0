import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import { processesWith } from './proc.ts';
import { endStrays, instanceVariable } from './strays.ts';

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** A shell that says when it is there, and waits. */
async function start(instanceId: string, script: string): Promise<{ child: ChildProcess; exit: Promise<unknown> }> {
  const child = spawn('bash', ['--norc', '-c', script], {
    detached: true,
    env: { PATH: process.env.PATH, [instanceVariable]: instanceId },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  children.push(child);
  const exit = once(child, 'exit');
  await once(child.stdout as NodeJS.ReadableStream, 'data');
  return { child, exit };
}

test('everything that carries the id is ended, in whatever group or session, deaf to signals or stopped; nothing else is', async () => {
  const id = randomUUID();
  const other = await start(`${id}0`, 'echo; sleep 60');
  const deaf = await start(id, 'trap "" TERM INT HUP; echo; sleep 60');
  const away = await start(id, 'setsid sleep 60 & echo; wait');
  const frozen = await start(id, 'echo; kill -STOP $$; sleep 60');
  expect(processesWith(`${instanceVariable}=${id}`).length).toBeGreaterThanOrEqual(4);
  expect(endStrays(id)).toEqual([]);
  await Promise.all([deaf.exit, away.exit, frozen.exit]);
  expect(processesWith(`${instanceVariable}=${id}`)).toEqual([]);
  expect(other.child.exitCode ?? other.child.signalCode).toBeNull();
});

test('a process group is ended whole', async () => {
  const { child, exit } = await start(randomUUID(), 'echo; sleep 60');
  endStrays('nobody-at-all', child.pid);
  expect(await exit).toEqual([null, 'SIGKILL']);
});

test('this process is never its own stray', () => {
  expect(endStrays('no-such-instance')).toEqual([]);
});
