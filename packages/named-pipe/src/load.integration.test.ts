import fs from 'node:fs';
import { setTimeout as after } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeFifos } from './fifo/mkfifo.ts';
import { NamedPipeChannel } from './index.ts';
import { openFiles, Workspace } from './testing/workspace.ts';

const CHANNELS = 500;
const threads = (): number => fs.readdirSync('/proc/self/task').length;

describe('500 channels in one process', () => {
  const workspace = new Workspace();
  const servers: NamedPipeChannel<unknown>[] = [];
  const clients: NamedPipeChannel<unknown>[] = [];
  let threadsBefore = 0;

  beforeAll(async () => {
    // The pool is warm before it is counted.
    await Promise.all(Array.from({ length: 8 }, () => fs.promises.stat(workspace.path)));
    threadsBefore = threads();
    const paths = Array.from({ length: CHANNELS }, (_, i) => workspace.at(`${i}`));
    await makeFifos(
      paths.flatMap((path) => [`${path}.in.fifo`, `${path}.out.fifo`]),
      {},
    );
    for (const path of paths) {
      servers.push(await NamedPipeChannel.listen(path, { lock: false }));
      clients.push(await NamedPipeChannel.connect(path, { lock: false }));
    }
    await Promise.all(servers.map((server) => server.whenUp()));
  }, 60_000);

  afterAll(async () => {
    await Promise.all([...clients, ...servers].map((channel) => channel.close()));
    const left = openFiles().filter((file) => file.startsWith(workspace.path));
    workspace[Symbol.dispose]();
    expect(left).toEqual([]);
  });

  test('take no thread, and leave the pool free', async () => {
    expect(threads()).toBe(threadsBefore);
    await Promise.all(Array.from({ length: 8 }, () => fs.promises.stat(workspace.path)));
  });

  test('use less than 1 % of a processor while nothing is said', async () => {
    const startedAt = performance.now();
    const before = process.cpuUsage();
    await after(2_000);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1_000 / (performance.now() - startedAt)).toBeLessThan(0.01);
  });

  test('all answer', async () => {
    for (const server of servers) server.subscribe((message) => void server.send(message));
    const answers = clients.map(async (client, i) => {
      void client.send({ i });
      for await (const message of client.messages()) return message;
      return undefined;
    });
    expect(await Promise.all(answers)).toEqual(Array.from({ length: CHANNELS }, (_, i) => ({ i })));
  });
});

test('a fast writer and a slow reader need little memory', async () => {
  using workspace = new Workspace();
  await using server = await NamedPipeChannel.listen<string>(workspace.at('x'));
  await using client = await NamedPipeChannel.connect<string>(workspace.at('x'));
  await server.whenUp();
  const text = 'x'.repeat(30_000);
  const pieces = 4_000;
  const before = process.memoryUsage.rss();
  let most = 0;
  const writing = (async () => {
    for (let i = 0; i < pieces; i++) await server.send(text);
  })();
  let taken = 0;
  for await (const message of client.messages()) {
    if (message.length !== text.length) throw new Error('a message was damaged');
    if (taken++ % 100 === 0) {
      most = Math.max(most, process.memoryUsage.rss() - before);
      await after(1);
    }
    if (taken === pieces) break;
  }
  await writing;
  // 120 MB went through.
  expect(most / 2 ** 20).toBeLessThan(60);
});
