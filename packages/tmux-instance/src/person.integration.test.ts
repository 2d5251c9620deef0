import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import { Sandbox } from './testing/sandbox.ts';
import { asTmuxRecord } from './tmux-data.ts';
import type { TmuxInstance } from './tmux-instance.ts';

let sandbox: Sandbox;
const persons: ChildProcess[] = [];

afterEach(async () => {
  for (const person of persons.splice(0)) person.kill('SIGKILL');
  await sandbox[Symbol.asyncDispose]();
});

/** A person at a terminal of this size, attached as `attachCommand` says. Keys are written to its stdin. */
async function attach(instance: TmuxInstance, columns: number, rows: number): Promise<ChildProcess> {
  const [program, ...args] = instance.attachCommand;
  const command = `stty cols ${columns} rows ${rows}; exec ${[program, '-u', ...args].join(' ')}`;
  const env = { PATH: process.env.PATH, HOME: sandbox.person, TERM: 'xterm-256color', LANG: 'C.UTF-8' };
  const person = spawn('script', ['-qfec', command, '/dev/null'], { env, stdio: ['pipe', 'pipe', 'inherit'] });
  persons.push(person);
  // What it draws first.
  await once(person.stdout as NodeJS.ReadableStream, 'data');
  return person;
}

function press(person: ChildProcess, keys: string): void {
  person.stdin?.write(keys);
}

function sizeOf(instance: TmuxInstance): string {
  const { socket, session } = asTmuxRecord(instance.record).data;
  return sandbox.tmux(socket, 'display-message', '-p', '-t', `=${session}:`, '#{pane_width}x#{pane_height}').trim();
}

function whenTaken(instance: TmuxInstance, active: boolean): Promise<void> {
  return new Promise((resolve) => {
    const stop = instance.onTakeover((now) => {
      if (now !== active) return;
      stop();
      resolve();
    });
  });
}

test('a person with a smaller terminal who scrolls in copy mode changes nothing in any answer', async () => {
  sandbox = new Sandbox();
  const instance = await sandbox.create('watched');
  await instance.start();
  const size = sizeOf(instance);
  await instance.sendCommandAndWait('seq 500');
  await attach(instance, 60, 12);
  const { socket, session } = asTmuxRecord(instance.record).data;
  const target = `=${session}:`;
  sandbox.tmux(socket, 'copy-mode', '-u', '-t', target);
  const inMode = (): string =>
    sandbox.tmux(socket, 'display-message', '-p', '-t', target, '#{pane_in_mode} #{scroll_position}').trim();
  const scrolled = inMode();
  expect(scrolled).toMatch(/^1 [1-9]/);
  const wide = `echo ${'0123456789'.repeat(15)}`;
  for (let round = 0; round < 20; round += 1) {
    const result = await instance.sendCommandAndWait(`${wide}; seq 300; (exit ${round})`);
    expect(result.output).toBe(
      `${wide.slice(5)}\n${Array.from({ length: 300 }, (_, index) => `${index + 1}\n`).join('')}`,
    );
    expect(result.exitCode).toBe(round);
    expect(inMode()).toMatch(/^1 /);
  }
  expect(sizeOf(instance)).toBe(size);
});

test("takeover 'wait': while a person types commands wait, and then run whole", async () => {
  sandbox = new Sandbox();
  const instance = await sandbox.create('shared');
  await instance.start();
  const person = await attach(instance, 80, 24);
  const began = whenTaken(instance, true);
  press(person, 'echo by ha');
  await began;
  const sent = instance.sendCommandAndWait('echo by api');
  const ended = whenTaken(instance, false);
  press(person, 'nd\r');
  await ended;
  expect(await sent).toMatchObject({ success: true, output: 'by api\n' });
  expect(await instance.screen()).toContain('by hand');
});

test("takeover 'wait': a line that a person leaves half-typed by detaching is given up", async () => {
  sandbox = new Sandbox();
  const instance = await sandbox.create('left');
  await instance.start();
  const person = await attach(instance, 80, 24);
  const began = whenTaken(instance, true);
  press(person, 'rm -rf half-typed');
  await began;
  const sent = instance.sendCommandAndWait('echo by api');
  press(person, '\x02d');
  expect(await sent).toMatchObject({ success: true, output: 'by api\n' });
});

test("takeover 'refuse': while a person types commands are refused, and say so", async () => {
  sandbox = new Sandbox();
  const instance = await sandbox.create('refusing', { takeover: 'refuse' });
  await instance.start();
  const person = await attach(instance, 80, 24);
  const began = whenTaken(instance, true);
  press(person, 'ech');
  await began;
  const refused = await instance.sendCommandAndWait('echo by api');
  expect(refused).toMatchObject({ success: false, error: { code: 'CCB_BUSY', retryable: true } });
  const ended = whenTaken(instance, false);
  press(person, 'o done\r');
  await ended;
  expect(await instance.sendCommandAndWait('echo by api')).toMatchObject({ success: true, output: 'by api\n' });
});

test("takeover 'ignore': what a person has half-typed is given up", async () => {
  sandbox = new Sandbox();
  const instance = await sandbox.create('ignoring', { takeover: 'ignore' });
  await instance.start();
  const person = await attach(instance, 80, 24);
  const began = whenTaken(instance, true);
  press(person, 'echo never run');
  await began;
  expect(await instance.sendCommandAndWait('echo by api')).toMatchObject({ success: true, output: 'by api\n' });
});

test('what a child in the background writes is no person', async () => {
  sandbox = new Sandbox();
  const instance = await sandbox.create('noisy', { takeover: 'refuse' });
  const told: boolean[] = [];
  instance.onTakeover((active) => told.push(active));
  await instance.sendCommandAndWait('mkfifo go; (read x < go; echo late; echo > done) & mkfifo done');
  await instance.sendCommandAndWait('echo > go; read x < done');
  expect(await instance.sendCommandAndWait('echo mine')).toMatchObject({ success: true });
  expect(told).toEqual([]);
});
