import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { collectExec } from './collect-exec.ts';
import { type AttachedExec, openExecSession } from './exec-session.ts';
import { logLines } from './log-lines.ts';
import { RealEngine, whyNoEngine } from './testing/real-engine.ts';

const absent = whyNoEngine();

describe.skipIf(absent !== undefined)(`streams of a real engine${absent ? ` (skipped: ${absent})` : ''}`, () => {
  const engine = new RealEngine('ccb-h4-stream');
  let container = '';

  beforeAll(async () => {
    await engine.importImage();
    container = (await engine.startContainer()).id;
  });
  afterAll(() => engine.remove());

  async function open(argv: readonly string[], tty = false): Promise<AttachedExec> {
    const { exec, duplex } = await engine.exec(container, argv, tty);
    return openExecSession(duplex, { tty, inspectExit: (signal) => engine.inspectExit(exec, signal) });
  }

  test('a conversation: lines there and back, the end of the stdin, the exit status', async () => {
    const session = await open(['/bin/sh', '-c', 'while read line; do echo "got $line"; done; echo bye >&2; exit 5']);
    for (const word of ['one', 'two']) {
      session.stdin.write(`${word}\n`);
      const [answer] = await once(session.stdout, 'data');
      expect(String(answer)).toBe(`got ${word}\n`);
    }
    session.stdin.end();
    session.stdout.resume();
    expect(await session.exit).toBe(5);
    expect(session.stderrTail()).toBe('bye\n');
    expect(session.lost).toBeUndefined();
  });

  test('8 MiB through cat come back whole, to a reader that starts late', async () => {
    const session = await open(['/bin/cat']);
    const sent = Buffer.alloc(8 * 1024 * 1024, 'abcdefghijklmnopqrstuvwxyz0123456789\n');
    session.stdin.end(sent);
    await once(session.stdout, 'readable');
    const back = await session.stdout.toArray();
    expect(Buffer.concat(back).equals(sent)).toBe(true);
    expect(await session.exit).toBe(0);
  });

  test('runs to the end: output, a large input that nobody reads, a missing program', async () => {
    const run = async (argv: readonly string[], input?: Buffer) =>
      collectExec(await open(argv), { maxBytes: 1024 * 1024, input });
    expect(await run(['/bin/sh', '-c', 'echo out; echo err >&2; exit 3'])).toEqual({
      exitCode: 3,
      stdout: 'out\n',
      stderr: 'err\n',
    });
    const unread = await run(['/usr/bin/head', '-c', '10'], Buffer.alloc(4 * 1024 * 1024, 'x'));
    expect(unread).toEqual({ exitCode: 0, stdout: 'xxxxxxxxxx', stderr: '' });
    expect((await run(['/nope'])).exitCode).toBeOneOf([126, 127]);
    expect((await run(['/usr/bin/seq', '1', '400000'])).stdout.length).toBe(1024 * 1024);
  });

  test("a terminal's program gets the end of its input, and its output is not lost", async () => {
    const result = await collectExec(await open(['/bin/cat'], true), { maxBytes: 1024, input: 'hello\n' });
    expect(result).toEqual({ exitCode: 0, stdout: 'hello\r\nhello\r\n', stderr: '' });
  });

  test('close lets go, and the program sees the end of its stdin', async () => {
    const witness = await open(['/bin/cat', '/proc/1/comm']);
    expect(await text(witness.stdout)).not.toBe('');
    const gone = '/tmp-gone';
    const session = await open(['/bin/sh', '-c', `echo ready; cat; echo gone > ${gone}`]);
    await once(session.stdout, 'data');
    session.close();
    expect(await session.exit).toBeUndefined();
    // Waits in the container, for at most 10 s.
    const waiting = `for i in $(seq 200); do [ -s ${gone} ] && exec cat ${gone}; sleep 0.05; done; exit 1`;
    const seen = await collectExec(await open(['/bin/sh', '-c', waiting]), { maxBytes: 100 });
    expect(seen).toMatchObject({ exitCode: 0, stdout: 'gone\n' });
  });

  test('the lines of a log, followed while the container runs, and whole after it', async () => {
    const script = 'echo one; echo two >&2; sleep 600';
    const { id } = await engine.createContainer({ Cmd: ['/bin/sh', '-c', script] });
    await engine.json('POST', `/containers/${id}/start`);
    const read = async (follow: boolean, wanted: number): Promise<readonly string[]> => {
      const log = await engine.ask('GET', `/containers/${id}/logs?stdout=1&stderr=1&follow=${follow}`);
      const lines: string[] = [];
      for await (const { stream, text: line } of logLines(log, { tty: false })) {
        if (lines.push(`${stream} ${line}`) === wanted) break;
      }
      return lines.toSorted();
    };
    expect(await read(true, 2)).toEqual(['stderr two\n', 'stdout one\n']);
    await engine.json('POST', `/containers/${id}/kill`);
    await engine.json('POST', `/containers/${id}/wait`);
    expect(await read(false, Number.POSITIVE_INFINITY)).toEqual(['stderr two\n', 'stdout one\n']);
  });
});
