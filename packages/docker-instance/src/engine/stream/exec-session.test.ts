import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { type AttachedExec, type ExecSessionOptions, openExecSession } from './exec-session.ts';
import { frame } from './testing/frames.ts';
import { SocketPair } from './testing/socket-pair.ts';

const exited = async (): Promise<number> => 7;

function open(pair: SocketPair, options: Partial<ExecSessionOptions> = {}): AttachedExec {
  return openExecSession(pair.ours, { tty: false, inspectExit: exited, ...options });
}

describe('openExecSession', () => {
  test('gives stdout, the tail of stderr, and the exit status', async () => {
    await using pair = await SocketPair.open();
    const session = open(pair);
    pair.engine.end(Buffer.concat([frame(1, 'one '), frame(2, 'oops'), frame(1, 'two')]));
    expect(await text(session.stdout)).toBe('one two');
    expect(await session.exit).toBe(7);
    expect(session.stderrTail()).toBe('oops');
    expect(session.lost).toBeUndefined();
    expect(pair.ours.destroyed).toBe(true);
  });

  test("takes a terminal's stream as it is", async () => {
    await using pair = await SocketPair.open();
    const session = open(pair, { tty: true });
    pair.engine.end('plain\r\n');
    expect(await text(session.stdout)).toBe('plain\r\n');
  });

  test('ends the stdin by a half close, and still reads', async () => {
    await using pair = await SocketPair.open();
    const session = open(pair);
    session.stdin.write('in');
    session.stdin.end('put');
    expect(await pair.received()).toBe('input');
    pair.engine.end(frame(1, 'late'));
    expect(await text(session.stdout)).toBe('late');
  });

  test('destroying the stdin is its end', async () => {
    await using pair = await SocketPair.open();
    const session = open(pair);
    session.stdin.write('in');
    session.stdin.destroy();
    expect(await pair.received()).toBe('in');
    expect(pair.ours.destroyed).toBe(false);
  });

  test("ends a terminal's stdin by Ctrl-D: a half close would lose its output", async () => {
    await using pair = await SocketPair.open();
    const session = open(pair, { tty: true });
    session.stdin.end('input\n');
    await once(session.stdin, 'finish');
    pair.engine.end('said');
    expect(await text(session.stdout)).toBe('said');
    expect(await pair.received()).toBe('input\n\x04');
  });

  test('holds the writer back while the engine does not read', async () => {
    await using pair = await SocketPair.open();
    pair.engine.pause();
    const session = open(pair);
    const piece = Buffer.alloc(64 * 1024, 'x');
    let written = 0;
    while (written < 64 * 1024 * 1024 && session.stdin.write(piece)) written += piece.length;
    expect(written).toBeLessThan(1024 * 1024);
    const drained = once(session.stdin, 'drain');
    pair.engine.resume();
    await drained;
  });

  test('holds the engine back while nobody reads, and loses nothing', async () => {
    await using pair = await SocketPair.open();
    const session = open(pair);
    const piece = frame(1, Buffer.alloc(64 * 1024, 'x'));
    const pieces = 256;
    let sent = 0;
    const sending = (async () => {
      for (; sent < pieces; sent += 1) if (!pair.engine.write(piece)) await once(pair.engine, 'drain');
      pair.engine.end(frame(2, 'done'));
    })();
    await once(session.stdout, 'readable');
    await quiet(() => sent);
    expect(sent).toBeLessThan(pieces / 4);
    expect(session.stdout.readableLength).toBeLessThan(512 * 1024);
    expect((await text(session.stdout)).length).toBe(pieces * 64 * 1024);
    await sending;
    expect(session.stderrTail()).toBe('done');
  });

  test('stderr holds nobody back, and only its last 8 KiB are kept', async () => {
    await using pair = await SocketPair.open();
    const session = open(pair);
    const piece = frame(2, Buffer.alloc(64 * 1024, 'x'));
    for (let sent = 0; sent < 64; sent += 1) if (!pair.engine.write(piece)) await once(pair.engine, 'drain');
    pair.engine.end(frame(2, 'last words'));
    expect(await session.exit).toBe(7);
    expect(session.stderrTail().length).toBe(8 * 1024);
    expect(session.stderrTail().endsWith('xlast words')).toBe(true);
  });

  test('a connection that breaks inside a frame ends the stdout, and says so', async () => {
    await using pair = await SocketPair.open();
    const session = open(pair, { inspectExit: async () => 0 });
    pair.engine.end(frame(1, 'whole').subarray(0, 11));
    expect(await text(session.stdout)).toBe('who');
    expect(session.lost).toMatchObject({ code: 'CCB_BACKEND_UNREACHABLE' });
  });

  test('a connection that is reset ends the stdout without an error of it', async () => {
    await using pair = await SocketPair.open();
    const session = open(pair);
    const ended = text(session.stdout);
    pair.ours.destroy(new Error('ECONNRESET'));
    expect(await ended).toBe('');
    expect(session.lost).toMatchObject({ code: 'CCB_BACKEND_UNREACHABLE', cause: new Error('ECONNRESET') });
    expect(await session.exit).toBe(7);
  });

  test('a connection that is gone already is a session that is over', async () => {
    await using pair = await SocketPair.open();
    pair.ours.destroy();
    const session = open(pair);
    expect(await text(session.stdout)).toBe('');
    expect(await session.exit).toBe(7);
    expect(session.lost).toMatchObject({ code: 'CCB_BACKEND_UNREACHABLE' });
  });

  test('a stream without frames ends after what was good', async () => {
    await using pair = await SocketPair.open();
    const session = open(pair);
    pair.engine.write(Buffer.concat([frame(1, 'good'), Buffer.from('plain text')]));
    expect(await text(session.stdout)).toBe('good');
    expect(session.lost).toMatchObject({ code: 'CCB_PROTOCOL' });
    expect(pair.ours.destroyed).toBe(true);
  });

  test('a write after the program has gone fails in its callback alone', async () => {
    await using pair = await SocketPair.open();
    const session = open(pair);
    const errors: unknown[] = [];
    session.stdin.on('error', (error) => errors.push(error));
    pair.engine.end();
    await session.exit;
    const failure = await new Promise((resolve) => void session.stdin.write('too late', resolve));
    expect(failure).toBeInstanceOf(Error);
    expect(session.stdin.destroyed).toBe(true);
    expect(errors).toEqual([]);
  });

  test('a write that the engine never took fails when the engine is gone', async () => {
    await using pair = await SocketPair.open();
    pair.engine.pause();
    const session = open(pair);
    const failed = new Promise((resolve) => void session.stdin.write(Buffer.alloc(8 * 1024 * 1024), resolve));
    pair.engine.destroy();
    expect(await failed).toBeInstanceOf(Error);
  });

  test('close lets go: the engine sees the end, the stdout ends, the exit stays unknown', async () => {
    await using pair = await SocketPair.open();
    const session = open(pair, { inspectExit: () => Promise.reject(new Error('asked after all')) });
    const seen = pair.received();
    session.close();
    session.close();
    expect(await seen).toBe('');
    expect(await text(session.stdout)).toBe('');
    expect(await session.exit).toBeUndefined();
    expect(session.lost).toBeUndefined();
    expect(pair.ours.destroyed).toBe(true);
  });

  test('close ends the asking for the exit', async () => {
    await using pair = await SocketPair.open();
    let asked = (): void => {};
    const asking = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const session = open(pair, {
      inspectExit: (signal) => {
        asked();
        return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      },
    });
    pair.engine.end();
    await asking;
    session.close();
    expect(await session.exit).toBeUndefined();
  });

  test('a reader that leaves lets go', async () => {
    await using pair = await SocketPair.open();
    const session = open(pair);
    pair.engine.write(frame(1, 'one'));
    for await (const chunk of session.stdout) {
      expect(String(chunk)).toBe('one');
      break;
    }
    expect(pair.ours.destroyed).toBe(true);
    expect(await session.exit).toBeUndefined();
  });
});

/** Resolves when the value stays the same over 20 turns of the loop with I/O. */
async function quiet(value: () => number): Promise<void> {
  for (let same = 0, last = value(); same < 20; same = value() === last ? same + 1 : 0) {
    last = value();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
