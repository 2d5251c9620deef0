import { PassThrough } from 'node:stream';
import type { CommandEvent, CommandUpdate } from '@ccb/instance-interface';
import { describe, expect, test } from 'vitest';
import { Answer, type AnswerOptions } from './answer.ts';
import { ByteSink } from './byte-sink.ts';
import { StatusLine } from './terminal/status-line.ts';

const never = new AbortController().signal;
const event = (update: CommandUpdate): CommandEvent => ({ cursor: 'j-1', at: '2026-01-01T00:00:00.000Z', ...update });
const text = (piece: string) => event({ type: 'text', text: piece });

function setUp(options: Partial<AnswerOptions> = {}) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const answer = new Answer({
    stdout: new ByteSink(stdout, 'stdout'),
    stderr: new ByteSink(stderr, 'stderr'),
    status: new StatusLine({ write: () => undefined }, false),
    json: false,
    endLine: true,
    stdoutIsTerminal: false,
    stderrIsTerminal: false,
    ...options,
  });
  const read = (stream: PassThrough): string => String(stream.read() ?? '');
  return { answer, stdout, stdoutText: () => read(stdout), stderrText: () => read(stderr) };
}

describe('Answer', () => {
  test('writes the bytes where the text could not hold them', async () => {
    const { answer, stdout } = setUp();
    const bytes = Buffer.from([0x61, 0xff, 0x00, 0x0a]);
    await answer.write(event({ type: 'text', text: 'a\ufffd\0\n', bytes: bytes.toString('base64') }), never);
    await answer.finish(never);
    expect(stdout.read()).toEqual(bytes);
  });

  test("keeps the program's stderr apart", async () => {
    const { answer, stdoutText, stderrText } = setUp();
    await answer.write(event({ type: 'text', text: 'out', stream: 'stdout' }), never);
    await answer.write(event({ type: 'text', text: 'err', stream: 'stderr' }), never);
    await answer.finish(never);
    expect([stdoutText(), stderrText()]).toEqual(['out\n', 'err']);
  });

  test.each([
    ['an answer that lacks it', ['a', 'b'], 'ab\n'],
    ['not one that has it', ['a', 'b\n'], 'ab\n'],
    ['not one that is empty', ['', ''], ''],
  ])('gives a newline to %s', async (_case, pieces, expected) => {
    const { answer, stdoutText } = setUp();
    for (const piece of pieces) await answer.write(text(piece), never);
    await answer.finish(never);
    expect(stdoutText()).toBe(expected);
  });

  test('adds nothing where every byte counts', async () => {
    const { answer, stdoutText } = setUp({ endLine: false });
    await answer.write(text('a'), never);
    await answer.finish(never);
    expect(stdoutText()).toBe('a');
  });

  test('judges each answer by itself', async () => {
    const { answer, stdoutText } = setUp();
    await answer.write(text('a'), never);
    await answer.finish(never);
    await answer.finish(never);
    expect(stdoutText()).toBe('a\n');
  });

  test('writes each event as it is with json, and nothing else', async () => {
    const { answer, stdoutText, stderrText } = setUp({ json: true });
    const events = [
      text('a'),
      event({ type: 'text', text: 'b', stream: 'stderr' }),
      event({ type: 'thought', text: 'hm' }),
    ];
    for (const each of events) await answer.write(each, never);
    await answer.finish(never);
    const written = stdoutText();
    expect(written.endsWith('\n')).toBe(true);
    expect(
      written
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual(events);
    expect(stderrText()).toBe('');
  });
});
