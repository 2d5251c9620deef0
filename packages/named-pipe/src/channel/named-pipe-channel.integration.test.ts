import { execFile } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { openReader, openWriter } from '../fifo.ts';
import type { Channel, NamedPipeError } from '../index.ts';
import { NamedPipeChannel } from '../index.ts';
import { openFiles, Workspace } from '../testing/workspace.ts';
import { encodeHello } from './epoch.ts';

interface Ends {
  readonly server: NamedPipeChannel<unknown>;
  readonly client: NamedPipeChannel<unknown>;
}

async function open(path: string, options: { maxMessageBytes?: number } = {}): Promise<Ends & AsyncDisposable> {
  const server = await NamedPipeChannel.listen<unknown>(path, options);
  const client = await NamedPipeChannel.connect<unknown>(path, options);
  await server.whenUp();
  const close = async (): Promise<void> => {
    await Promise.all([client.close({ timeoutMs: 0 }), server.close({ timeoutMs: 0 })]);
  };
  return { server, client, [Symbol.asyncDispose]: close };
}

const next = (channel: Channel, event: 'up' | 'down' | 'drain' | 'invalid'): Promise<unknown> =>
  new Promise((resolve) => {
    const off = channel.on(event as 'down', (value) => {
      off();
      resolve(value);
    });
  });
const read = async (channel: Channel): Promise<unknown> => {
  for await (const message of channel.messages()) return message;
  return undefined;
};
const line = (value: unknown): Buffer => Buffer.from(`${JSON.stringify(value)}\n`);

describe('NamedPipeChannel', () => {
  test('carries messages both ways, in the order of send() and write()', async () => {
    using workspace = new Workspace();
    await using ends = await open(workspace.at('x'));
    const { server, client } = ends;
    const seen: unknown[] = [];
    const all = new Promise<void>((resolve) => {
      server.subscribe((message) => {
        if (seen.push(message) === 4) resolve();
      });
    });
    const sent = [client.send(1), client.send({ two: 2 })];
    expect(client.write(line('three'))).toBe('sent');
    sent.push(client.send(null));
    expect(await Promise.all(sent)).toEqual([true, true, true]);
    await all;
    expect(seen).toEqual([1, { two: 2 }, 'three', null]);
    void server.send('back');
    expect(await read(client)).toBe('back');
  });

  test.each([1, 20])('carries a message of %i MB whole, while small ones follow it', async (megabytes) => {
    using workspace = new Workspace();
    await using ends = await open(workspace.at('x'));
    const text = '0123456789'.repeat(megabytes * 100_000);
    const sent = Promise.all([ends.client.send(text), ends.client.send('after')]);
    const messages = ends.server.messages();
    expect((await messages.next()).value === text).toBe(true);
    expect((await messages.next()).value).toBe('after');
    expect(await sent).toEqual([true, true]);
  });

  test('carries any text', async () => {
    using workspace = new Workspace();
    await using ends = await open(workspace.at('x'));
    const texts = [
      '',
      '\0',
      '\u2028\u2029',
      '\ud800',
      '\udc00\ud800',
      '🙂',
      '\ufeff',
      'SYN 0123456789abcdef -',
      '\n\r\n',
    ];
    void ends.client.send(texts);
    expect(await read(ends.server)).toEqual(texts);
  });

  test('keeps the two ends after the death of either, and tells both', async () => {
    using workspace = new Workspace();
    const path = workspace.at('x');
    await using client = await NamedPipeChannel.connect<unknown>(path, { lazy: true });
    const epochs = new Set<unknown>();
    for (let life = 0; life < 5; life++) {
      const server = await NamedPipeChannel.listen<unknown>(path);
      const up = client.isUp ? undefined : next(client, 'up');
      await Promise.all([server.whenUp(), client.whenUp({ timeoutMs: 5_000 })]);
      if (up) epochs.add(((await up) as { epoch: string }).epoch);
      void server.send(life);
      expect(await read(client)).toBe(life);
      const down = next(client, 'down');
      await server.close();
      expect(await down).toBe('eof');
      expect(await client.send('x')).toBe(false);
      expect(client.write(line('x'))).toBe('down');
    }
    expect(epochs.size).toBe(5);
  });

  test('keeps a listener through any number of connectors', async () => {
    using workspace = new Workspace();
    const path = workspace.at('x');
    await using server = await NamedPipeChannel.listen<unknown>(path);
    const messages = server.messages();
    for (let life = 0; life < 5; life++) {
      const client = await NamedPipeChannel.connect<unknown>(path);
      expect(await client.send(life)).toBe(true);
      expect(await messages.next()).toEqual({ done: false, value: life });
      const down = next(server, 'down');
      await client.close();
      expect(await down).toBe('eof');
    }
  });

  test('delivers what a peer said before it went, though the loss is met while writing', async () => {
    using workspace = new Workspace();
    await using ends = await open(workspace.at('x'));
    const { server, client } = ends;
    const seen: unknown[] = [];
    client.subscribe((message) => seen.push(message));
    const down = next(client, 'down');
    server.write(line('last words'));
    // close() runs at once where nothing is queued; the client's loop has seen neither the line nor the end.
    const closed = server.close();
    await Promise.resolve();
    await Promise.resolve();
    expect(await client.send('anybody?')).toBe(false);
    await Promise.all([down, closed]);
    expect(seen).toEqual(['last words']);
  });

  test('delivers nothing from before the handshake, and no torn line', async () => {
    using workspace = new Workspace();
    const path = workspace.at('x');
    await using server = await NamedPipeChannel.listen<unknown>(path);
    const seen: unknown[] = [];
    const invalid: unknown[] = [];
    server.subscribe((message) => seen.push(message));
    server.on('invalid', (error) => invalid.push(error));

    const impostor = openWriter(`${path}.in.fifo`);
    impostor?.write('"stale"\n');
    impostor?.write(encodeHello('0123456789abcdef', 'fedcba9876543210'));
    impostor?.write('"stale"\n12345');
    await using client = await NamedPipeChannel.connect<unknown>(path);
    await client.send('fresh');
    // The writer of another life is still there: no end was seen between the two.
    impostor?.destroy();
    const messages = await new Promise((resolve) => {
      server.on('down', () => resolve(seen));
      void client.close();
    });
    expect(messages).toEqual(['fresh']);
    expect(invalid).toEqual([]);
  });

  test('reports a line that is no message, and goes on', async () => {
    using workspace = new Workspace();
    const path = workspace.at('x');
    const parse = (value: unknown): string => {
      if (typeof value !== 'string') throw new Error('not a string');
      return value;
    };
    await using server = await NamedPipeChannel.listen<string>(path, { parse, maxMessageBytes: 1_000 });
    await using client = await NamedPipeChannel.connect<unknown>(path);
    const codes: string[] = [];
    server.on('invalid', (error: NamedPipeError) => codes.push(error.code));
    client.write(
      Buffer.concat([
        Buffer.from('nonsense\n'),
        Buffer.from([0xff, 10]),
        line({}),
        line('x'.repeat(2_000)),
        line('ok'),
      ]),
    );
    expect(await read(server)).toBe('ok');
    expect(codes).toEqual(['CCB_PIPE_INVALID', 'CCB_PIPE_INVALID', 'CCB_PIPE_INVALID', 'CCB_PIPE_TOO_LARGE']);
  });

  test('refuses what cannot be sent', async () => {
    using workspace = new Workspace();
    await using ends = await open(workspace.at('x'), { maxMessageBytes: 100 });
    await expect(ends.client.send(undefined)).rejects.toThrow(TypeError);
    await expect(ends.client.send('x'.repeat(99))).rejects.toMatchObject({ code: 'CCB_PIPE_TOO_LARGE' });
    await expect(ends.client.send('x', { signal: AbortSignal.abort(new Error('no')) })).rejects.toThrow('no');
    expect(await ends.client.send('x'.repeat(98))).toBe(true);
  });

  test('holds a sender back while nobody reads, and loses nothing', async () => {
    using workspace = new Workspace();
    await using ends = await open(workspace.at('x'));
    const { server, client } = ends;
    const piece = 'x'.repeat(60_000);
    const total = 200;
    let taken = 0;
    const sends = Array.from({ length: total }, (_, i) => client.send([i, piece]).then((ok) => (taken += ok ? 1 : 0)));
    await expect(client.send('late', { timeoutMs: 300 })).rejects.toMatchObject({ code: 'CCB_PIPE_TIMEOUT' });
    // 1 MiB kept, 64 KiB in the pipe and 64 KiB in the chunk that made it full.
    expect(taken).toBeGreaterThan(15);
    expect(taken).toBeLessThan(22);
    let due = 0;
    for await (const message of server.messages()) {
      if (message === 'late') break;
      expect((message as [number])[0]).toBe(due++);
    }
    await Promise.all(sends);
    expect([due, taken]).toEqual([total, total]);
  });

  test('tells by write() when the pipe is full, and by drain when it is not', async () => {
    using workspace = new Workspace();
    await using ends = await open(workspace.at('x'));
    const { server, client } = ends;
    server.pause();
    const bytes = line('x'.repeat(50_000));
    expect(client.write(bytes)).toBe('sent');
    const reused = Buffer.from(bytes);
    expect(client.write(reused)).toBe('queued');
    reused.fill(0);
    let received = 0;
    const drained = next(client, 'drain');
    server.subscribe((message) => {
      expect((message as string).length).toBe(50_000);
      received++;
    });
    server.resume();
    await drained;
    expect(client.write(line('end'.padEnd(50_000)))).not.toBe('down');
    await client.close();
    await next(server, 'down');
    expect(received).toBe(3);
  });

  test('reports a message false when the peer goes before it has all of it', async () => {
    using workspace = new Workspace();
    await using ends = await open(workspace.at('x'));
    ends.server.pause();
    const sends = [ends.client.send('x'.repeat(1_000_000)), ends.client.send('y'.repeat(100_000))];
    await new Promise((resolve) => setImmediate(resolve));
    await ends.server.close();
    expect(await Promise.all(sends)).toEqual([false, false]);
  });

  test('close() hands over what was sent before it', async () => {
    using workspace = new Workspace();
    await using ends = await open(workspace.at('x'));
    const sends = Array.from({ length: 20 }, () => ends.client.send('x'.repeat(50_000)));
    let received = 0;
    ends.server.subscribe(() => received++);
    const down = next(ends.server, 'down');
    await ends.client.close();
    await down;
    expect(await Promise.all(sends)).toEqual(Array.from(sends, () => true));
    expect(received).toBe(20);
  });

  test('close() ends everything, once, within its time', async () => {
    using workspace = new Workspace();
    const ends = await open(workspace.at('x'));
    const { server, client } = ends;
    server.pause();
    const stuck = client.send('x'.repeat(1_000_000));
    const waiting = NamedPipeChannel.connect(workspace.at('y'), { lazy: true });
    const other = await waiting;
    const neverUp = expect(other.whenUp()).rejects.toMatchObject({ code: 'CCB_PIPE_CLOSED' });
    const reader = client.messages();
    const reading = reader.next();
    const downs: string[] = [];
    client.on('down', (reason) => downs.push(reason));
    const closing = client.close({ timeoutMs: 20 });
    expect(client.close()).toBe(closing);
    await Promise.all([closing, other.close()]);
    await client.close();
    await server.close();
    await neverUp;
    expect(await stuck).toBe(false);
    expect(await reading).toEqual({ done: true, value: undefined });
    await expect(client.send('x')).rejects.toMatchObject({ code: 'CCB_PIPE_CLOSED' });
    expect(() => client.write(line('x'))).toThrow(expect.objectContaining({ code: 'CCB_PIPE_CLOSED' }));
    expect(downs).toEqual(['closed']);
    expect(workspace.names).toEqual([]);
    expect(openFiles().filter((file) => file.startsWith(workspace.path))).toEqual([]);
  });

  test('leaves a program whose channels are closed nothing to live for', async () => {
    using workspace = new Workspace();
    const program = fileURLToPath(new URL('../testing/closer.ts', import.meta.url));
    const run = promisify(execFile)(
      process.execPath,
      ['--conditions=@ccb/source', '--import', 'tsx', program, workspace.at('x')],
      {
        cwd: dirname(program),
        env: { PATH: process.env.PATH, HOME: workspace.path },
        timeout: 30_000,
        killSignal: 'SIGKILL',
      },
    );
    expect(await run).toEqual({ stdout: 'false CCB_PIPE_CLOSED true\n', stderr: '' });
    expect(workspace.names).toEqual([]);
  });

  test('may be closed from inside any of its listeners', async () => {
    using workspace = new Workspace();
    for (const event of ['up', 'message', 'down'] as const) {
      const path = workspace.at(event);
      const server = await NamedPipeChannel.listen<unknown>(path);
      const client = await NamedPipeChannel.connect<unknown>(path, { lazy: true });
      const closed = new Promise<void>((resolve) => {
        const close = (): void => void client.close().then(resolve);
        if (event === 'message') client.subscribe(close);
        else client.on(event as 'up', close);
      });
      await server.whenUp({ timeoutMs: 5_000 });
      void server.send('x');
      if (event === 'down') await server.close();
      await closed;
      await server.close({ timeoutMs: 0 });
    }
    expect(workspace.names).toEqual([]);
    expect(openFiles().filter((file) => file.startsWith(workspace.path))).toEqual([]);
  });

  test('goes on when a listener throws, and does not hide it', async () => {
    using workspace = new Workspace();
    await using ends = await open(workspace.at('x'));
    const before = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    try {
      const thrown = once(process, 'uncaughtException');
      const seen: unknown[] = [];
      ends.server.subscribe((message) => {
        seen.push(message);
        if (message === 'bad') throw new Error('listener failed');
      });
      await Promise.all([ends.client.send('bad'), ends.client.send('good')]);
      expect((await thrown)[0]).toMatchObject({ message: 'listener failed' });
      expect(seen).toEqual(['bad', 'good']);
    } finally {
      for (const listener of before) process.on('uncaughtException', listener);
    }
  });
});

describe('NamedPipeChannel.listen', () => {
  test('refuses a second listener and says who is first', async () => {
    using workspace = new Workspace();
    await using _first = await NamedPipeChannel.listen(workspace.at('x'));
    await expect(NamedPipeChannel.listen(workspace.at('x'))).rejects.toMatchObject({
      code: 'CCB_PIPE_LOCKED',
      holder: { pid: process.pid },
    });
    expect(workspace.names).toEqual(['x.in.fifo', 'x.listen.lock', 'x.out.fifo']);
  });

  test('leaves its files when told to keep them, and takes them over', async () => {
    using workspace = new Workspace();
    const path = workspace.at('x');
    await (await NamedPipeChannel.listen(path, { keep: true, mode: 0o600 })).close();
    expect(workspace.names).toEqual(['x.in.fifo', 'x.listen.lock', 'x.out.fifo']);
    expect(fs.statSync(`${path}.in.fifo`).mode & 0o777).toBe(0o600);
    await (await NamedPipeChannel.listen(path)).close();
    expect(workspace.names).toEqual([]);
  });

  test('takes another lock file, or none', async () => {
    using workspace = new Workspace();
    await using _one = await NamedPipeChannel.listen(workspace.at('x'), { lock: workspace.at('mine') });
    await using _two = await NamedPipeChannel.listen(workspace.at('y'), { lock: false });
    expect(workspace.names).toEqual(['mine', 'x.in.fifo', 'x.out.fifo', 'y.in.fifo', 'y.out.fifo']);
  });

  test('destroys nothing when something else is in its place', async () => {
    using workspace = new Workspace();
    const path = workspace.at('x');
    fs.writeFileSync(`${path}.out.fifo`, 'precious');
    await expect(NamedPipeChannel.listen(path)).rejects.toMatchObject({ code: 'CCB_PIPE_UNSAFE' });
    expect(workspace.names).toEqual(['x.out.fifo']);
    expect(fs.readFileSync(`${path}.out.fifo`, 'utf8')).toBe('precious');
    expect(openFiles().filter((file) => file.startsWith(workspace.path))).toEqual([]);
  });

  test('begins nothing when the signal was aborted before', async () => {
    using workspace = new Workspace();
    const signal = AbortSignal.abort(new Error('changed my mind'));
    await expect(NamedPipeChannel.listen(workspace.at('x'), { signal })).rejects.toThrow('changed my mind');
    expect(workspace.names).toEqual([]);
  });

  test.each([
    [{ maxMessageBytes: 0 }],
    [{ maxMessageBytes: 2 ** 30 }],
    [{ maxMessageBytes: Number.NaN }],
    [{ parse: 'x' }],
    [{ log: 1 }],
    [{ mode: 0o10000 }],
    [{ timeoutMs: -1 }],
    [{ timeoutMs: '5' }],
    [{ signal: {} }],
    [{ owner: 'me' }],
    [{ lock: '' }],
  ])('takes %j for a mistake', async (options) => {
    using workspace = new Workspace();
    await expect(NamedPipeChannel.listen(workspace.at('x'), options as never)).rejects.toThrow(TypeError);
    await expect(NamedPipeChannel.connect(workspace.at('x'), { timeoutMs: 50, ...options } as never)).rejects.toThrow(
      'mode' in options ? /No peer/ : TypeError,
    );
    expect(workspace.names).toEqual([]);
  });
});

describe('NamedPipeChannel.connect', () => {
  test('says what is missing when nobody answers in time', async () => {
    using workspace = new Workspace();
    const path = workspace.at('x');
    const attempt = (): Promise<unknown> => NamedPipeChannel.connect(path, { timeoutMs: 300 }).catch((error) => error);
    expect(await attempt()).toMatchObject({
      code: 'CCB_PIPE_TIMEOUT',
      message: expect.stringContaining('does not exist'),
    });
    await (await NamedPipeChannel.listen(path, { keep: true })).close();
    expect(await attempt()).toMatchObject({
      code: 'CCB_PIPE_TIMEOUT',
      message: expect.stringContaining('nobody reads'),
    });
    const mute = openReader(`${path}.in.fifo`);
    expect(await attempt()).toMatchObject({
      code: 'CCB_PIPE_TIMEOUT',
      message: expect.stringContaining('does not answer'),
    });
    mute.destroy();
    const nowhere = NamedPipeChannel.connect(workspace.at('no/x'), { lock: false });
    await expect(nowhere).rejects.toMatchObject({ code: 'CCB_PIPE_DOWN' });
    expect(openFiles().filter((file) => file.startsWith(workspace.path))).toEqual([]);
  });

  test('waits for a listener that begins later', async () => {
    using workspace = new Workspace();
    const connecting = NamedPipeChannel.connect<unknown>(workspace.at('x'));
    const lazy = await NamedPipeChannel.connect<unknown>(workspace.at('y'), { lazy: true });
    await using _one = await NamedPipeChannel.listen(workspace.at('x'));
    await using _two = await NamedPipeChannel.listen(workspace.at('y'));
    await using client = await connecting;
    expect(client.isUp).toBe(true);
    await lazy.whenUp({ timeoutMs: 5_000 });
    await lazy.close();
  });

  test('refuses a second connector, whose lines would mix', async () => {
    using workspace = new Workspace();
    await using ends = await open(workspace.at('x'));
    await expect(NamedPipeChannel.connect(ends.client.path)).rejects.toMatchObject({ code: 'CCB_PIPE_LOCKED' });
    expect(ends.client.isUp).toBe(true);
  });

  test('refuses what is no FIFO', async () => {
    using workspace = new Workspace();
    fs.writeFileSync(workspace.at('x.out.fifo'), 'precious');
    await expect(NamedPipeChannel.connect(workspace.at('x'))).rejects.toMatchObject({ code: 'CCB_PIPE_UNSAFE' });
    expect(workspace.names).toEqual(['x.out.fifo']);
  });
});
