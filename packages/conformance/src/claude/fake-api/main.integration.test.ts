import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { fakeApiFile } from '../../claude-files.ts';
import { ask } from '../testing/client.ts';

/** CCB_NODE_18: a Node of the oldest version that the program runs on, where there is one. */
const nodes = [process.execPath, ...(process.env.CCB_NODE_18 ? [process.env.CCB_NODE_18] : [])];

describe.each(nodes)('the program, on %s', (node) => {
  let child: ChildProcess;
  let lines: AsyncIterator<string>;
  const line = async () => JSON.parse((await lines.next()).value) as { url: string; request: object };
  const start = () => {
    child = spawn(node, [fileURLToPath(fakeApiFile)], { env: {}, stdio: ['pipe', 'pipe', 'inherit'] });
    lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
  };
  afterEach(() => {
    child.kill('SIGKILL');
  });

  test('says where it listens, then tells each request, and ends at the end of its input', async () => {
    start();
    const { url } = await line();
    expect((await ask(url, 'say: a b')).text).toBe('a b');
    expect(await line()).toMatchObject({ request: { number: 1, kind: 'prompt', prompt: 'say: a b' } });
    const ended = once(child, 'exit');
    child.stdin?.end();
    expect(await ended).toEqual([0, null]);
  });

  test('ends at SIGTERM, in the middle of an answer too', async () => {
    start();
    const { url } = await line();
    const answer = ask(url, 'hang').catch((error: Error) => error);
    await line();
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    expect(await answer).toBeInstanceOf(Error);
  });
});
