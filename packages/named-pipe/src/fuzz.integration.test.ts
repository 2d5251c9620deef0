import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { encodeHello, newEpoch } from './channel/epoch.ts';
import { StreamChannel } from './channel/stream-channel.ts';
import { NamedPipeError } from './error.ts';
import { seededRandom } from './testing/chaos.ts';

const LINES = 100_000;
const LIMIT = 2_048;

/** Random bytes, JSON cut short, two glued together, flipped bits, hellos of nobody, lines that are too long. */
function* hostileLines(random: () => number): Generator<Buffer> {
  const below = (n: number): number => Math.floor(random() * n);
  const json = (): Buffer =>
    Buffer.from(JSON.stringify({ id: below(1e9), text: 'ü'.repeat(below(80)), deep: [[[null]]] }));
  const kinds: (() => Buffer)[] = [
    () => Buffer.from(Array.from({ length: below(60) }, () => below(256))),
    () => json().subarray(0, below(40)),
    () => Buffer.concat([json().subarray(below(20)), json()]),
    () => {
      const bytes = json();
      bytes[below(bytes.length)] = below(256);
      return bytes;
    },
    () => encodeHello(newEpoch(), newEpoch()).subarray(1, -1 - below(20)),
    () => Buffer.alloc(LIMIT + 1 + below(5_000), 'x'),
    json,
  ];
  for (let i = 0; i < LINES; i++) yield (kinds[below(kinds.length)] as () => Buffer)();
}

test('100,000 hostile lines give messages and typed errors, nothing else, and the channel lives on', async () => {
  const [there, back] = [new PassThrough(), new PassThrough()];
  const channel = new StreamChannel<unknown>({ readable: there, writable: back }, { maxMessageBytes: LIMIT });
  const codes: Record<string, number> = {};
  let messages = 0;
  let last: unknown;
  channel.on('invalid', (error) => {
    expect(NamedPipeError.is(error)).toBe(true);
    codes[error.code] = (codes[error.code] ?? 0) + 1;
  });
  channel.subscribe((message) => {
    messages++;
    last = message;
  });

  // Whoever talks last decides which epoch counts, so a true peer answers after each hello that the fuzz let through.
  const epoch = newEpoch();
  const shake = (): void => {
    const heard = [...String(back.read() ?? '').matchAll(/SYN ([0-9a-f]{16})/g)].at(-1)?.[1];
    if (heard) there.write(encodeHello(epoch, heard));
  };
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const random = seededRandom(42);
  let batch: Buffer[] = [];
  let heapAfterWarmUp = 0;
  let count = 0;
  shake();
  for (const line of hostileLines(random)) {
    batch.push(line, Buffer.from('\n'));
    if (++count % 200 === 0) {
      const bytes = Buffer.concat(batch);
      batch = [];
      const cut = Math.floor(random() * bytes.length);
      there.write(bytes.subarray(0, cut));
      there.write(bytes.subarray(cut));
      await settle();
      there.write(encodeHello(epoch, undefined));
      await settle();
      shake();
      await settle();
      expect(channel.isUp).toBe(true);
    }
    if (count === LINES / 5) heapAfterWarmUp = process.memoryUsage().heapUsed;
  }
  there.write('"done"\n');
  await settle();
  expect(last).toBe('done');
  expect(messages).toBeGreaterThan(1_000);
  expect(Object.keys(codes).sort()).toEqual(['CCB_PIPE_INVALID', 'CCB_PIPE_TOO_LARGE']);
  expect((process.memoryUsage().heapUsed - heapAfterWarmUp) / 2 ** 20).toBeLessThan(64);
  await channel.close();
});
