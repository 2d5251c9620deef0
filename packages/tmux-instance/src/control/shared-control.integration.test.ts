import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { endProcessesNaming, processesNaming } from '../testing/sandbox.ts';
import type { Control, TmuxServer } from './control.ts';
import { acquireControl } from './shared-control.ts';

let root: string;
let own: TmuxServer;
const controls: Control[] = [];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'ccb-control-'));
  own = { socket: join(root, 'own.sock'), owner: 'ours' };
});

afterEach(async () => {
  for (const control of controls.splice(0)) await control.release();
  endProcessesNaming(root);
  rmSync(root, { recursive: true, force: true });
});

async function acquire(server: TmuxServer = own): Promise<Control> {
  const control = await acquireControl(server, { signal: AbortSignal.timeout(10_000) });
  controls.push(control);
  return control;
}

function tmux(socket: string, ...args: string[]): string {
  const env = { PATH: process.env.PATH, HOME: root, LANG: 'C.UTF-8' };
  return execFileSync('tmux', ['-S', socket, '-f', '/dev/null', ...args], { env, encoding: 'utf8', timeout: 10_000 });
}

function whenDown(control: Control): Promise<unknown> {
  return new Promise((resolve) => control.onDown(resolve));
}

test.each([
  ['a leading dash', Buffer.from('-x --')],
  ['a trailing semicolon', Buffer.from('end;')],
  ['quotes, dollars and formats', Buffer.from(`"'\\$HOME \`id\` #{pid} #(id) %H ~ {a} %if 1`)],
  ['control characters', Buffer.from(Array.from({ length: 31 }, (_, index) => index + 1))],
  ['every byte above', Buffer.from(Array.from({ length: 129 }, (_, index) => index + 127))],
  ['other scripts', Buffer.from('é世界😀\u2028')],
  ['a megabyte', Buffer.alloc(1_000_000, 'x"\\;$\n')],
])('%s comes through exactly', async (_, bytes) => {
  const control = await acquire();
  const path = join(root, 'buffer');
  await control.run([
    ['set-buffer', '-b', 'test', '--', bytes],
    ['save-buffer', '-b', 'test', path],
  ]);
  expect(readFileSync(path).equals(bytes)).toBe(true);
});

test('200 at once are answered in order, and those amid them that fail too', async () => {
  const control = await acquire();
  const runs = Array.from({ length: 200 }, (_, index) =>
    index % 7 === 0
      ? control
          .run([
            ['display-message', '-p', 'first'],
            ['kill-pane', '-t', '%9999'],
            ['display-message', '-p', 'never'],
          ])
          .then(String, (error: Error) => error.message)
      : control
          .run([
            ['display-message', '-p', `${index}`],
            ['display-message', '-p', 'second'],
          ])
          .then(String),
  );
  const answers = await Promise.all(runs);
  for (const [index, answer] of answers.entries())
    expect(answer).toBe(index % 7 === 0 ? "kill-pane: can't find pane: %9999" : `${index},second`);
});

test('all share one client; the last release ends it, and a server of ours with it', async () => {
  const shared = await Promise.all([acquire(), acquire(), acquire()]);
  expect(new Set(shared.map(({ serverPid }) => serverPid)).size).toBe(1);
  expect(tmux(own.socket, 'list-clients').trim().split('\n')).toHaveLength(1);
  const server = shared[0]?.serverPid;
  for (const control of shared) await control.release();
  await expect(shared[0]?.run([['list-sessions']])).rejects.toThrow();
  await new Promise((resolve) => setImmediate(resolve));
  await expect.poll(() => existsSync(`/proc/${server}/exe`)).toBe(false);
});

test('when its server is killed everybody is told, and the next one starts another on the old socket', async () => {
  const control = await acquire();
  const down = whenDown(control);
  process.kill(control.serverPid, 'SIGSTOP');
  const waiting = control.run([['list-sessions']]);
  process.kill(control.serverPid, 'SIGKILL');
  await expect(waiting).rejects.toMatchObject({ code: 'CCB_BACKEND_UNREACHABLE', retryable: true });
  expect(await down).toMatchObject({ code: 'CCB_BACKEND_UNREACHABLE' });
  await expect(control.run([['list-sessions']])).rejects.toMatchObject({ code: 'CCB_BACKEND_UNREACHABLE' });
  const next = await acquire();
  expect(next.serverPid).not.toBe(control.serverPid);
  expect(await next.run([['display-message', '-p', 'back']])).toEqual([['back']]);
});

test('a frozen server is given up at the signal, and answers what was asked when it goes on', async () => {
  const control = await acquire();
  process.kill(control.serverPid, 'SIGSTOP');
  const signal = AbortSignal.timeout(100);
  await expect(control.run([['list-sessions']], { signal })).rejects.toMatchObject({ name: 'TimeoutError' });
  const late = control.run([['display-message', '-p', 'late']]);
  process.kill(control.serverPid, 'SIGCONT');
  expect(await late).toEqual([['late']]);
});

test('a client of a frozen server can be released', async () => {
  const control = await acquire();
  process.kill(control.serverPid, 'SIGSTOP');
  await control.release();
  expect(processesNaming(own.socket).filter((pid) => pid !== control.serverPid)).toEqual([]);
  process.kill(control.serverPid, 'SIGCONT');
});

test("a person's server is never started, and never ended", async () => {
  const person: TmuxServer = { socket: join(root, 'person.sock'), owner: 'person' };
  await expect(acquire(person)).rejects.toMatchObject({ code: 'CCB_BACKEND_UNREACHABLE' });
  expect(existsSync(person.socket)).toBe(false);
  tmux(person.socket, 'new-session', '-d', '-s', 'mine', 'sleep 1000');
  const before = tmux(person.socket, 'list-panes', '-a', '-F', '#{pane_id} #{pane_pid}');
  const control = await acquire(person);
  await control.release();
  await expect.poll(() => tmux(person.socket, 'list-sessions', '-F', '#{session_name}').trim()).toBe('mine');
  expect(tmux(person.socket, 'list-panes', '-a', '-F', '#{pane_id} #{pane_pid}')).toBe(before);
});

test('a host that is killed leaves no client and no session', async () => {
  const person: TmuxServer = { socket: join(root, 'person.sock'), owner: 'person' };
  tmux(person.socket, 'new-session', '-d', '-s', 'mine', 'sleep 1000');
  const program = `
    import { acquireControl } from ${JSON.stringify(new URL('./shared-control.ts', import.meta.url).href)};
    await acquireControl(${JSON.stringify(person)}, { signal: AbortSignal.timeout(10_000) });
    console.log('there'); setInterval(() => {}, 1000);`;
  const args = [
    '--conditions=@ccb/source',
    '--import',
    import.meta.resolve('tsx'),
    '--input-type=module',
    '-e',
    program,
  ];
  const child = spawn(process.execPath, args, {
    env: { PATH: process.env.PATH, HOME: root },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  await Promise.race([once(child.stdout, 'data'), exited]);
  expect(tmux(person.socket, 'list-sessions', '-F', '#{session_name}')).toContain('ccb-hub-');
  child.kill('SIGKILL');
  await exited;
  await expect.poll(() => tmux(person.socket, 'list-sessions', '-F', '#{session_name}').trim()).toBe('mine');
  await expect
    .poll(() => processesNaming('ccb-hub-').filter((pid) => processesNaming(person.socket).includes(pid)))
    .toEqual([]);
});

test('a path that the kernel would cut off is refused', async () => {
  const socket = join(root, 'x'.repeat(108 - root.length - 1));
  expect(socket).toHaveLength(108);
  await expect(acquire({ socket, owner: 'ours' })).rejects.toMatchObject({ message: expect.stringContaining('107') });
});
