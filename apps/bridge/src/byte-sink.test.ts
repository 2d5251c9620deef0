import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { BrokenPipeError, ByteSink } from './byte-sink.ts';

const never = new AbortController().signal;

test('a piece waits for a slow reader', async () => {
  const reader = new PassThrough({ highWaterMark: 4 });
  const sink = new ByteSink(reader, 'stdout');
  let taken = false;
  const writing = sink.write('12345678', never).then(() => {
    taken = true;
  });
  await new Promise(setImmediate);
  expect(taken).toBe(false);
  reader.resume();
  await writing;
  expect(taken).toBe(true);
});

test('a wait for a reader ends with the reason of the signal', async () => {
  const sink = new ByteSink(new PassThrough({ highWaterMark: 1 }), 'stdout');
  const leaving = new AbortController();
  const writing = sink.write('12', leaving.signal);
  leaving.abort(new Error('leaving'));
  await expect(writing).rejects.toThrow('leaving');
  await expect(sink.flush(leaving.signal)).rejects.toThrow('leaving');
});

test('a reader that went away is a broken pipe, at once and from then on', async () => {
  const reader = new PassThrough({ highWaterMark: 1 });
  const sink = new ByteSink(reader, 'stdout');
  const writing = sink.write('12', never);
  reader.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
  await expect(writing).rejects.toThrow(BrokenPipeError);
  await expect(sink.write('x', never)).rejects.toThrow(BrokenPipeError);
  await expect(sink.flush(never)).rejects.toThrow(BrokenPipeError);
});

test('any other failure says where, why and what to do', async () => {
  const reader = new PassThrough({ highWaterMark: 1 });
  const sink = new ByteSink(reader, 'stdout');
  const writing = sink.write('12', never);
  reader.destroy(Object.assign(new Error('no space left on device'), { code: 'ENOSPC' }));
  await expect(writing).rejects.toThrow('Cannot write to stdout: no space left on device. Make room');
});

test('flush resolves when everything is with the reader', async () => {
  const reader = new PassThrough();
  const sink = new ByteSink(reader, 'stdout');
  await sink.write('all', never);
  await sink.flush(never);
  expect(String(reader.read())).toBe('all');
});
