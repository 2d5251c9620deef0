import { Duplex, PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import type { Channel } from './channel.ts';
import { encodeHello, newEpoch } from './epoch.ts';
import { StreamChannel } from './stream-channel.ts';

function pair(): { a: StreamChannel<unknown>; b: StreamChannel<unknown>; there: PassThrough; back: PassThrough } {
  const [there, back] = [new PassThrough(), new PassThrough()];
  const a = new StreamChannel({ readable: back, writable: there });
  const b = new StreamChannel({ readable: there, writable: back });
  return { a, b, there, back };
}
const next = (channel: Channel, event: 'down' | 'drain'): Promise<unknown> =>
  new Promise((resolve) => {
    const off = channel.on(event as 'down', (value) => {
      off();
      resolve(value);
    });
  });

describe('StreamChannel', () => {
  test('carries messages both ways over any pair of streams', async () => {
    const { a, b } = pair();
    await Promise.all([a.whenUp(), b.whenUp()]);
    b.subscribe((message) => void b.send({ echo: message }));
    expect(await a.send('ü')).toBe(true);
    for await (const message of a.messages()) {
      expect(message).toEqual({ echo: 'ü' });
      break;
    }
    await Promise.all([a.close(), b.close()]);
  });

  test.each(['end', 'close', 'error'])('goes down for good when the stream meets its %s', async (how) => {
    const { a, b, there } = pair();
    await b.whenUp();
    const waiting = next(b, 'down');
    const messages = b.messages();
    const read = messages.next();
    if (how === 'end') there.end();
    else there.destroy(how === 'error' ? new Error('cable cut') : undefined);
    expect(await waiting).toBe('eof');
    expect(b.isUp).toBe(false);
    expect(await b.send('x')).toBe(false);
    expect(b.write(Buffer.from('1 \n'))).toBe('down');
    expect(await read).toEqual({ done: true, value: undefined });
    await expect(b.whenUp()).rejects.toMatchObject({ code: 'CCB_PIPE_DOWN' });
    await Promise.all([a.close(), b.close()]);
    expect([there.listenerCount('data'), there.listenerCount('end')]).toEqual([0, 0]);
  });

  test('takes a new peer on the same stream for a new session', async () => {
    const [there, back] = [new PassThrough(), new PassThrough()];
    const channel = new StreamChannel<unknown>({ readable: there, writable: back });
    const seen: unknown[] = [];
    const downs: string[] = [];
    channel.subscribe((message) => seen.push(message));
    channel.on('down', (reason) => downs.push(reason));
    const heard = (): string => /.*SYN ([0-9a-f]{16})/s.exec(String(back.read()))?.[1] as string;

    const first = newEpoch();
    const former = heard();
    there.write(encodeHello(first, former));
    await channel.whenUp();
    heard();
    there.write('"one"\n"torn');
    const second = newEpoch();
    there.write(encodeHello(second, undefined));
    there.write('"stale"\n');
    // A hello that names the session that has ended cannot begin another.
    there.write(encodeHello(second, former));
    there.write('"stale"\n');
    await new Promise((resolve) => setImmediate(resolve));
    expect(downs).toEqual(['new-epoch']);
    there.write(encodeHello(second, heard()));
    there.write('"two"\n');
    await channel.whenUp();
    await new Promise((resolve) => setImmediate(resolve));
    expect(seen).toEqual(['one', 'two']);
    await channel.close();
  });

  test('says when the stream has taken what was queued', async () => {
    const { a, b } = pair();
    await Promise.all([a.whenUp(), b.whenUp()]);
    b.pause();
    const drained = next(a, 'drain');
    let outcome = a.write(Buffer.from('"a line"\n'));
    for (let i = 0; outcome === 'sent' && i < 100; i++) outcome = a.write(Buffer.from(`"${'x'.repeat(10_000)}"\n`));
    expect(outcome).toBe('queued');
    let received = 0;
    b.subscribe(() => received++);
    b.resume();
    await drained;
    expect(received).toBeGreaterThan(0);
    await Promise.all([a.close(), b.close()]);
  });

  test('close() does not wait for a peer that never reads', async () => {
    const stuck = new Duplex({ read() {}, write() {} });
    const channel = new StreamChannel<unknown>({ readable: stuck, writable: stuck });
    await channel.close({ timeoutMs: 10 });
    expect(stuck.destroyed).toBe(true);
  });

  test('takes what is no stream for a mistake', () => {
    const stream = new PassThrough();
    expect(() => new StreamChannel({ readable: stream, writable: {} as never })).toThrow(TypeError);
    expect(() => new StreamChannel({ readable: {} as never, writable: stream })).toThrow(TypeError);
    expect(() => new StreamChannel({ readable: stream, writable: stream }, { maxMessageBytes: 0 })).toThrow(TypeError);
  });
});
