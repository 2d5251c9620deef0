import { PassThrough, Readable } from 'node:stream';
import { InstanceError } from '@ccb/instance-interface';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LogLine } from '../engine.ts';
import { logLines } from './log-lines.ts';
import { cutAt, frame } from './testing/frames.ts';

const out = (text: string): LogLine => ({ stream: 'stdout', text });
const err = (text: string): LogLine => ({ stream: 'stderr', text });

async function linesOf(chunks: readonly Uint8Array[], tty = false): Promise<readonly LogLine[]> {
  const lines: LogLine[] = [];
  for await (const line of logLines(Readable.from(chunks), { tty })) lines.push(line);
  return lines;
}

describe('logLines', () => {
  test('splits each stream into lines of its own, on every split', async () => {
    const log = Buffer.concat([frame(1, 'one\ntw'), frame(2, 'bä'), frame(1, 'o\n'), frame(2, 'd\n'), frame(1, 'end')]);
    for (let cut = 0; cut <= log.length; cut += 1) {
      expect(await linesOf(cutAt(log, [cut]))).toEqual([out('one\n'), out('two\n'), err('bäd\n'), out('end')]);
    }
  });

  test("takes a terminal's log as it is", async () => {
    expect(await linesOf([Buffer.from('{"a":1}\r\nb')], true)).toEqual([out('{"a":1}\r\n'), out('b')]);
  });

  test('joined, the lines are the text, whatever the chunks', async () => {
    const content = fc.array(fc.constantFrom('a', 'ö', '€', '😀', '\n', '\ufeff'), { maxLength: 50 });
    await fc.assert(
      fc.asyncProperty(content, fc.array(fc.nat(), { maxLength: 12 }), async (parts, cuts) => {
        const text = parts.join('');
        const lines = await linesOf(cutAt(Buffer.from(text), cuts), true);
        expect(lines.map((line) => line.text).join('')).toBe(text);
      }),
      { seed: 11, numRuns: 200 },
    );
  });

  test('gives a line beyond 64 KiB in pieces, and no character is cut', async () => {
    const line = `x${'ä'.repeat(50_000)}\n`;
    const pieces = await linesOf([Buffer.from(line)], true);
    expect(pieces.length).toBe(2);
    expect(pieces.map(({ text }) => text).join('')).toBe(line);
  });

  test('replaces what is no UTF-8, also at the very end', async () => {
    expect(await linesOf([Buffer.from([0x61, 0xff, 0x0a, 0xc3])], true)).toEqual([out('a\ufffd\n'), out('\ufffd')]);
  });

  test('leaving the loop destroys the stream', async () => {
    const source = new PassThrough();
    source.write(frame(1, 'one\ntwo\n'));
    for await (const line of logLines(source, { tty: false })) {
      expect(line.text).toBe('one\n');
      break;
    }
    expect(source.destroyed).toBe(true);
  });

  test('the signal ends the waiting with its reason, and destroys the stream', async () => {
    const source = new PassThrough();
    const aborting = new AbortController();
    const next = logLines(source, { tty: false, signal: aborting.signal }).next();
    aborting.abort(new Error('enough'));
    await expect(next).rejects.toThrow('enough');
    expect(source.destroyed).toBe(true);
  });

  test('the signal ends also what was read already', async () => {
    const source = Readable.from([Buffer.from('a\nb\n')]);
    const aborting = new AbortController();
    const lines = logLines(source, { tty: true, signal: aborting.signal });
    expect((await lines.next()).value).toEqual(out('a\n'));
    aborting.abort(new Error('enough'));
    await expect(lines.next()).rejects.toThrow('enough');
  });

  test('a signal that was aborted before reads nothing', async () => {
    const source = new PassThrough();
    const lines = logLines(source, { tty: true, signal: AbortSignal.abort(new Error('before')) });
    await expect(lines.next()).rejects.toThrow('before');
    expect(source.destroyed).toBe(true);
  });

  test('an engine that is lost is an error, after the lines that came', async () => {
    const source = new PassThrough();
    source.write(frame(1, 'one\n'));
    const lines = logLines(source, { tty: false });
    expect((await lines.next()).value).toEqual(out('one\n'));
    const reset = new Error('ECONNRESET');
    source.destroy(reset);
    await expect(lines.next()).rejects.toMatchObject({
      code: 'CCB_BACKEND_UNREACHABLE',
      retryable: true,
      cause: reset,
    });
  });

  test('an end inside a frame is a lost engine, though it looks clean', async () => {
    const lines = logLines(Readable.from([frame(1, 'one\ntwo').subarray(0, 13)]), { tty: false });
    expect((await lines.next()).value).toEqual(out('one\n'));
    expect((await lines.next()).value).toEqual(out('t'));
    await expect(lines.next()).rejects.toMatchObject({ code: 'CCB_BACKEND_UNREACHABLE' });
  });

  test('a broken frame is told after the good ones', async () => {
    const lines = logLines(Readable.from([Buffer.concat([frame(1, 'one\n'), Buffer.from('plain text')])]), {
      tty: false,
    });
    expect((await lines.next()).value).toEqual(out('one\n'));
    await expect(lines.next()).rejects.toMatchObject({ code: 'CCB_PROTOCOL' });
  });

  test('an error in the words of this package stays what it is', async () => {
    const source = new PassThrough();
    const stalled = new InstanceError('CCB_TIMEOUT', 'The log stalled.');
    source.destroy(stalled);
    await expect(logLines(source, { tty: true }).next()).rejects.toBe(stalled);
  });
});
