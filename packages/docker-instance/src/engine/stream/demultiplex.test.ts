import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Demultiplexer, FramingError } from './demultiplex.ts';
import { cutAt, frame } from './testing/frames.ts';

interface Taken {
  readonly stdout: string;
  readonly stderr: string;
  readonly error: FramingError | undefined;
}

function take(chunks: readonly Uint8Array[]): Taken {
  const demultiplexer = new Demultiplexer();
  const taken: Record<'stdout' | 'stderr', Uint8Array[]> = { stdout: [], stderr: [] };
  let error: FramingError | undefined;
  try {
    for (const chunk of chunks) for (const { stream, bytes } of demultiplexer.feed(chunk)) taken[stream].push(bytes);
    demultiplexer.end();
  } catch (thrown) {
    if (!(thrown instanceof FramingError)) throw thrown;
    error = thrown;
    for (const { stream, bytes } of error.before) taken[stream].push(bytes);
  }
  return {
    stdout: Buffer.concat(taken.stdout).toString('latin1'),
    stderr: Buffer.concat(taken.stderr).toString('latin1'),
    error,
  };
}

const two = Buffer.concat([frame(1, 'out'), frame(2, 'error'), frame(1, ''), frame(0, 'in'), frame(2, '!')]);

describe('Demultiplexer', () => {
  test('tells stdout from stderr on every split', () => {
    for (let cut = 0; cut <= two.length; cut += 1) {
      expect(take(cutAt(two, [cut]))).toEqual({ stdout: 'outin', stderr: 'error!', error: undefined });
    }
    expect(take([...two].map((byte) => Uint8Array.of(byte)))).toMatchObject({ stdout: 'outin', stderr: 'error!' });
  });

  test('gives any frames back, whatever the chunks', () => {
    const frames = fc.array(fc.tuple(fc.constantFrom(1, 2), fc.uint8Array({ maxLength: 300 })), { maxLength: 30 });
    fc.assert(
      fc.property(frames, fc.array(fc.nat(), { maxLength: 20 }), (parts, cuts) => {
        const expected = (wanted: number): string =>
          Buffer.concat(parts.filter(([stream]) => stream === wanted).map(([, bytes]) => bytes)).toString('latin1');
        const whole = Buffer.concat(parts.map(([stream, bytes]) => frame(stream, bytes)));
        expect(take(cutAt(whole, cuts))).toEqual({ stdout: expected(1), stderr: expected(2), error: undefined });
      }),
      { seed: 7, numRuns: 300 },
    );
  });

  test('says the same of any bytes at all, whatever the chunks', () => {
    const almostFrames = fc.array(fc.constantFrom(0, 1, 2, 3, 9), { maxLength: 60 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(almostFrames, fc.array(fc.nat(), { maxLength: 10 }), (bytes, cuts) => {
        const { stdout, stderr, error } = take([bytes]);
        const split = take(cutAt(bytes, cuts));
        expect(split).toMatchObject({ stdout, stderr });
        expect(split.error?.message).toBe(error?.message);
      }),
      { seed: 8, numRuns: 500 },
    );
  });

  test('passes the parts of a frame on before it is whole', () => {
    const demultiplexer = new Demultiplexer();
    const header = Buffer.from([1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]);
    expect(demultiplexer.feed(header)).toEqual([]);
    expect(demultiplexer.feed(Buffer.from('ab'))).toEqual([{ stream: 'stdout', bytes: Buffer.from('ab') }]);
  });

  test('takes 100,000 tiny frames in one chunk', () => {
    const tiny = Buffer.concat(Array.from({ length: 100_000 }, (_, index) => frame(1 + (index % 2), 'x')));
    const { stdout, stderr, error } = take([tiny]);
    expect([stdout.length, stderr.length, error]).toEqual([50_000, 50_000, undefined]);
  });

  test('is no bottleneck: 256 MiB of 16 KiB frames in well under two seconds', () => {
    const chunk = Buffer.concat(Array.from({ length: 4 }, () => frame(1, Buffer.alloc(16 * 1024, 'x'))));
    const demultiplexer = new Demultiplexer();
    const start = performance.now();
    let bytes = 0;
    for (let round = 0; round < 4096; round += 1) {
      for (const part of demultiplexer.feed(chunk)) bytes += part.bytes.length;
    }
    expect(bytes).toBe(256 * 1024 * 1024);
    expect(performance.now() - start).toBeLessThan(2_000);
  });

  test('names the byte at which a stream without frames betrays itself, after what was good', () => {
    const { stdout, error } = take([Buffer.concat([frame(1, 'good'), Buffer.from('plain text')])]);
    expect(stdout).toBe('good');
    expect(error).toMatchObject({ code: 'CCB_PROTOCOL', offset: 12 });
    expect(error?.message).toContain('no frame header at byte 12 (70 6c 61 69 6e 20 74 65)');
  });

  test('trusts nothing after a broken frame', () => {
    const demultiplexer = new Demultiplexer();
    expect(() => demultiplexer.feed(Buffer.from('not framed'))).toThrow(FramingError);
    expect(() => demultiplexer.feed(frame(1, 'good'))).toThrow(/at byte 0/);
    expect(() => demultiplexer.end()).toThrow(/at byte 0/);
  });

  test.each([
    [3, 'ended at byte 3, inside the frame of byte 0: its header is incomplete'],
    [10, 'ended at byte 10, inside the frame of byte 0: 1 bytes of it are missing'],
    [14, 'ended at byte 14, inside the frame of byte 11: its header is incomplete'],
  ])('reports a stream that is torn after %i bytes', (length, message) => {
    expect(take([two.subarray(0, length)]).error?.message).toContain(message);
  });

  test('tells what the engine says of its own failure, on every split', () => {
    const failed = Buffer.concat([frame(1, 'good'), frame(3, 'Error grabbing logs: EOF\n')]);
    for (let cut = 0; cut <= failed.length; cut += 1) {
      const { stdout, error } = take(cutAt(failed, [cut]));
      expect(stdout).toBe('good');
      expect(error?.message).toBe('The engine broke its stream off at byte 12, and said: Error grabbing logs: EOF');
    }
  });
});
