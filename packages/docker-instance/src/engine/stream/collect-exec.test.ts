import { describe, expect, test } from 'vitest';
import { collectExec } from './collect-exec.ts';
import { openExecSession } from './exec-session.ts';
import { frame } from './testing/frames.ts';
import { SocketPair } from './testing/socket-pair.ts';

const ended = async (): Promise<number> => 3;

describe('collectExec', () => {
  test('brings the input, and gives the output whole', async () => {
    await using pair = await SocketPair.open();
    const session = openExecSession(pair.ours, { tty: false, inspectExit: ended });
    const result = collectExec(session, { maxBytes: 100, input: 'question' });
    expect(await pair.received()).toBe('question');
    const euro = Buffer.from('€');
    pair.engine.write(frame(1, euro.subarray(0, 1)));
    pair.engine.end(Buffer.concat([frame(2, 'hm'), frame(1, euro.subarray(1))]));
    expect(await result).toEqual({ exitCode: 3, stdout: '€', stderr: 'hm' });
  });

  test('without input the stdin is at its end at once', async () => {
    await using pair = await SocketPair.open();
    const result = collectExec(openExecSession(pair.ours, { tty: false, inspectExit: ended }), { maxBytes: 100 });
    expect(await pair.received()).toBe('');
    pair.engine.end();
    expect(await result).toEqual({ exitCode: 3, stdout: '', stderr: '' });
  });

  test('cuts the output off, at a whole character, and still runs to the end', async () => {
    await using pair = await SocketPair.open();
    const session = openExecSession(pair.ours, { tty: false, inspectExit: ended });
    pair.engine.end(Buffer.concat([frame(1, 'aä'), frame(1, 'ää'), frame(1, Buffer.alloc(1024 * 1024, 'x'))]));
    expect(await collectExec(session, { maxBytes: 4 })).toMatchObject({ exitCode: 3, stdout: 'aä' });
  });

  test('output that broke off is an error, though the program ended well', async () => {
    await using pair = await SocketPair.open();
    const session = openExecSession(pair.ours, { tty: false, inspectExit: async () => 0 });
    pair.engine.end(frame(1, 'whole').subarray(0, 10));
    await expect(collectExec(session, { maxBytes: 100 })).rejects.toMatchObject({ code: 'CCB_BACKEND_UNREACHABLE' });
  });

  test('the signal closes the session', async () => {
    await using pair = await SocketPair.open();
    const session = openExecSession(pair.ours, { tty: false, inspectExit: ended });
    const aborting = new AbortController();
    const result = collectExec(session, { maxBytes: 100, signal: aborting.signal });
    aborting.abort(new Error('enough'));
    await expect(result).rejects.toThrow('enough');
    expect(pair.ours.destroyed).toBe(true);
  });
});
