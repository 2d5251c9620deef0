import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { canIsolate, type IsolatedApi, startIsolatedApi } from './isolated.ts';

const possible = canIsolate();
const name = 'a fake API in a network of its own';

if (process.env.CI === 'true') {
  test('a machine of the continuous integration can make network namespaces', () => {
    expect(possible).toBe(true);
  });
}

describe.runIf(possible)(possible ? name : `${name} (not here: unshare --net is missing or not allowed)`, () => {
  let api: IsolatedApi;
  beforeAll(async () => {
    api = await startIsolatedApi();
  });
  afterAll(() => api.close());

  /** What a program says inside. */
  async function inside(path: string, args: readonly string[], env: Record<string, string> = {}) {
    const child = spawn(await api.executable(path), args, { cwd: '/', env, stdio: ['ignore', 'pipe', 'inherit'] });
    return { pid: child.pid, output: await text(child.stdout) };
  }
  const node = (script: string) => inside(process.execPath, ['-e', script]);

  test('a program inside is the very process that was started, with its arguments, environment, directory and user', async () => {
    const script = 'echo "$$|$1|$2|$NAME|$(pwd)|$(id -u)"';
    const { pid, output } = await inside('/bin/sh', ['-c', script, 'sh', 'a b', "it's"], {
      PATH: '/usr/bin:/bin',
      NAME: 'x y',
    });
    expect(output).toBe(`${pid}|a b|it's|x y|/|${process.getuid?.()}\n`);
  });

  test('a program inside sees no interface but loopback', async () => {
    const { output } = await node('console.log(Object.keys(require("os").networkInterfaces()).join())');
    expect(output).toBe('lo\n');
    const devices = await inside('/bin/cat', ['/proc/net/dev']);
    expect(devices.output.match(/^ *\S+(?=:)/gm)?.map((each) => each.trim())).toEqual(['lo']);
    const routes = await inside('/bin/cat', ['/proc/net/route']);
    expect(routes.output.trim().split('\n')).toHaveLength(1);
  });

  test('a program inside reaches the API, and at once fails to reach anything else', async () => {
    const script = (url: string) => `fetch('${url}').then((r) => r.status, (e) => e.cause.code).then(console.log)`;
    const url = `${api.url}/v1/models?inside`;
    const seen = api.whenRequested(({ kind }) => kind === 'models');
    expect((await node(script(url))).output).toBe('200\n');
    expect(await seen).toMatchObject({ method: 'GET', path: '/v1/models' });
    expect(api.requests).toHaveLength(1);
    expect((await node(script('http://192.0.2.1/'))).output).toBe('ENETUNREACH\n');
  });

  test('nobody outside reaches the API', async () => {
    await expect(fetch(api.url)).rejects.toThrow();
  });

  test('a path may hold anything', async () => {
    const folder = mkdtempSync(join(tmpdir(), "ccb it's $HOME-"));
    try {
      symlinkSync('/bin/echo', join(folder, 'a "b"'));
      expect((await inside(join(folder, 'a "b"'), ['-n', 'x'])).output).toBe('x');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('what is no program is refused', async () => {
    await expect(api.executable(fileURLToPath(import.meta.url))).rejects.toThrow(TypeError);
    await expect(api.executable('sh')).rejects.toThrow('sh is not the absolute path of a program.');
  });

  test('an API that is killed ends the waits, and leaves no files once it is closed', async () => {
    await using other = await startIsolatedApi();
    const folder = dirname(await other.executable('/bin/true'));
    const waiting = expect(other.whenRequested()).rejects.toThrow('The isolated fake API ended');
    process.kill(other.pid, 'SIGKILL');
    await waiting;
    expect(existsSync(folder)).toBe(true);
    await other.close();
    expect(existsSync(folder)).toBe(false);
  });

  test('closing ends the API, and ending is shared', async () => {
    const other = await startIsolatedApi();
    await Promise.all([other.close(), other.close()]);
    expect(() => process.kill(other.pid, 0)).toThrow('ESRCH');
  });
});
