import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { type MountedApi, startMountedApi } from './mounted.ts';

/** Where the directory is "mounted" for whoever works in it. */
const target = '/proc/self/cwd';

const ask = `fetch(process.env.ANTHROPIC_BASE_URL + '/v1/messages', {
  method: 'POST',
  body: JSON.stringify({ max_tokens: 9, messages: [{ role: 'user', content: 'say: hello' }] }),
}).then((response) => response.json()).then(({ content }) => console.log(content[0].text));`;

function run({ directory }: MountedApi, javascript: string) {
  return spawn(`${directory}/program`, ['-e', javascript], {
    cwd: directory,
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** How a connection ended: the code of its error, if there was one. */
function ended(socket: Socket): Promise<string | undefined> {
  return new Promise((resolve) => {
    socket.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code));
    socket.once('close', () => resolve(undefined));
    socket.resume();
  });
}

test('a program reaches the API through the directory, and is the very process that was started', async () => {
  await using api = await startMountedApi({ target, program: process.execPath });
  expect(api.executable).toBe('/proc/self/cwd/program');
  const child = run(api, `console.log(process.pid); ${ask}`);
  expect(await text(child.stdout)).toBe(`${child.pid}\nhello\n`);
  expect(await api.whenRequested()).toMatchObject({ kind: 'prompt', prompt: 'say: hello' });
  expect(api.requests).toHaveLength(1);
});

test('two programs at the same time have a port each', async () => {
  await using api = await startMountedApi({ target, program: process.execPath });
  const said = await Promise.all([1, 2].map(() => text(run(api, ask).stdout)));
  expect(said).toEqual(['hello\n', 'hello\n']);
});

test('what passes its requests on ends with it, also when it is killed', async () => {
  await using api = await startMountedApi({ target, program: process.execPath });
  const child = run(api, 'console.log(new URL(process.env.ANTHROPIC_BASE_URL).port); setInterval(() => {}, 1000)');
  const [port] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
  const client = connect(Number(port), '127.0.0.1');
  await once(client, 'connect');
  const gone = ended(client);
  child.kill('SIGKILL');
  await gone;
  // The kernel closes what a killed process had open one after the other: a first try may still be taken, and reset.
  while ((await ended(connect(Number(port), '127.0.0.1'))) !== 'ECONNREFUSED');
});

test('nothing is left when it is closed', async () => {
  const api = await startMountedApi({ target, program: '/bin/true' });
  expect(existsSync(api.directory)).toBe(true);
  await Promise.all([api.close(), api.close()]);
  expect(existsSync(api.directory)).toBe(false);
});
