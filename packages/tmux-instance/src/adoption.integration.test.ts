import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Sandbox } from './testing/sandbox.ts';

let sandbox: Sandbox;
let socket: string;
beforeEach(() => {
  sandbox = new Sandbox();
  socket = join(sandbox.root, 'person.sock');
});
afterEach(async () => {
  try {
    sandbox.tmux(socket, 'kill-server');
  } catch {
    // It was never started.
  }
  await sandbox[Symbol.asyncDispose]();
});

const completion = [{ promptRegex: '^\\$ $' }];

function startPerson(): void {
  sandbox.tmux(socket, 'new-session', '-d', '-s', 'mine', '-x', '100', '-y', '30', 'PS1="$ " sh -i');
  sandbox.tmux(socket, 'new-session', '-d', '-s', 'other', 'sleep 1000');
}

function panes(): string {
  const format = '#{session_name} #{pane_id} #{pane_pid} #{pane_dead} #{pane_pipe} #{@ccb}';
  return sandbox.tmux(socket, 'list-panes', '-a', '-F', format).trim();
}

test('a session that was there is driven, and given back as it was', async () => {
  startPerson();
  const before = panes();
  const adopted = await sandbox.create('adopted', { socket, adopt: { session: 'mine' }, completion, env: {} });
  expect(await adopted.sendCommandAndWait('echo from ccb')).toMatchObject({ output: 'from ccb\n', inferred: true });
  expect(await adopted.isRunning()).toBe(true);
  expect(adopted.attachCommand).toEqual(['tmux', '-S', socket, 'attach-session', '-t', '=mine']);
  await adopted.cleanup({ remove: true });
  await expect.poll(panes).toBe(before);
});

test('what is not there, and what somebody else reads, is not adopted', async () => {
  startPerson();
  const absent = await sandbox.create('absent', { socket, adopt: { session: 'min' }, completion });
  await expect(absent.start()).rejects.toMatchObject({ code: 'CCB_NOT_FOUND' });
  sandbox.tmux(socket, 'pipe-pane', '-t', '=other:', 'cat >/dev/null');
  const piped = await sandbox.create('piped', { socket, adopt: { session: 'other' }, completion });
  await expect(piped.start()).rejects.toMatchObject({ code: 'CCB_LOCKED' });
});

test("instances on a person's server leave its other sessions alone, to their end", async () => {
  startPerson();
  const before = panes();
  const instance = await sandbox.create('guest', { socket });
  expect(await instance.sendCommandAndWait('echo hi')).toMatchObject({ output: 'hi\n' });
  await instance.cleanup({ remove: true });
  await expect.poll(panes).toBe(before);
});

test('a session of that name that is not ours is a conflict, and stays', async () => {
  sandbox.tmux(socket, 'new-session', '-d', '-s', 'ccb-taken', 'sleep 1000');
  const before = panes();
  const instance = await sandbox.create('taken', { socket });
  await expect(instance.start()).rejects.toMatchObject({ code: 'CCB_NAME_TAKEN' });
  await instance.cleanup({ remove: true });
  await expect.poll(panes).toBe(before);
});

test('discovery tells ours with its record, running or not, and nobody else’s', async () => {
  startPerson();
  const running = await sandbox.create('running', { socket });
  await running.start();
  await sandbox.create('idle');
  const found = await sandbox.backend.discover();
  expect(found.map(({ name, description, ours }) => [name, description, ours]).sort()).toEqual([
    ['idle', 'shell, stopped', true],
    ['running', 'shell, in tmux session ccb-running', true],
  ]);
});

test('an ephemeral instance whose host died is removed when the next one is made', async () => {
  const left = await sandbox.create('left', { ephemeral: true });
  await left.start();
  const { record } = left;
  await left.detach();
  await sandbox.create('next', { ephemeral: true });
  await expect(sandbox.open(record)).rejects.toMatchObject({ code: 'CCB_NOT_FOUND' });
});

test('the machine is told to be fit', async () => {
  const checks = await sandbox.backend.check();
  expect(checks.map(({ name }) => name)).toEqual(['linux', 'tmux', 'bash', 'stty', 'home', 'socket']);
  expect(checks.filter(({ status }) => status !== 'ok')).toEqual([]);
});
