import { InstanceError } from '@ccb/instance-interface';
import { describe, expect, it } from 'vitest';
import { HistoryReader } from './history-reader.ts';
import { begin, end, late, text } from './testing/lines.ts';
import { journalId } from './testing/scripted-agent.ts';

function scene(options: { readonly after?: string; readonly follow?: boolean } = {}) {
  const said: string[] = [];
  const reader = new HistoryReader(
    { after: options.after, follow: options.follow ?? true },
    {
      begin: () => said.push('begin'),
      taken: () => said.push('taken'),
      again: () => said.push('again'),
      ended: () => said.push('ended'),
    },
  );
  return { said, reader };
}

const big = 'x'.repeat(60_000);

describe('HistoryReader', () => {
  it('does nothing before its first step', async () => {
    const { said, reader } = scene();
    expect(said).toEqual([]);
    const step = reader.next();
    expect(said).toEqual(['begin']);
    await reader.return();
    expect(await step).toEqual({ done: true, value: undefined });
  });

  it('tells commands, output, late output and ends, with their places', async () => {
    const { reader } = scene({ follow: false });
    reader.resumed(3, 7);
    for (const frame of [begin(4, 'a'), text(5, 'a', 'hi'), end(6, 'a'), late(7, 'a', 'bye')]) {
      reader.deliver(frame, journalId);
    }
    const entries = [];
    for await (const entry of reader) entries.push(entry);
    expect(entries).toMatchObject([
      { type: 'command', commandId: 'a', text: 'run a', cursor: `${journalId}.4` },
      { type: 'text', text: 'hi', cursor: `${journalId}.5` },
      { type: 'end', result: { status: 'completed' } },
      { type: 'text', text: 'bye', late: true },
    ]);
  });

  it('does not let an event say where it stands, or whose it is', async () => {
    const { reader } = scene();
    reader.resumed(0, 0);
    const forged = {
      ...text(1, 'a', 'hi'),
      event: { type: 'text', text: 'hi', commandId: 'b', cursor: 'x', at: 'never' },
    };
    reader.deliver(forged as never, journalId);
    expect((await reader.next()).value).toMatchObject({ commandId: 'a', cursor: `${journalId}.1` });
  });

  it('ends at what was the last line when it began, unless it follows', async () => {
    const { reader } = scene({ follow: false });
    reader.resumed(0, 1);
    reader.deliver(begin(1, 'a'), journalId);
    reader.deliver(text(2, 'a', 'later'), journalId);
    expect((await reader.next()).done).toBe(false);
    expect((await reader.next()).done).toBe(true);
    expect((await reader.next()).done).toBe(true);
  });

  it('ends at once where nothing is kept', async () => {
    const { reader } = scene({ follow: false });
    const step = reader.next();
    reader.resumed(0, 0);
    expect((await step).done).toBe(true);
  });

  it('settles steps that were asked for together, in order', async () => {
    const { reader } = scene();
    reader.resumed(0, 0);
    const steps = [reader.next(), reader.next(), reader.next()];
    reader.deliver(text(1, 'a', 'one'), journalId);
    reader.deliver(text(2, 'a', 'two'), journalId);
    await reader.return();
    expect((await Promise.all(steps)).map(({ value }) => value?.text)).toEqual(['one', 'two', undefined]);
  });

  it('waits for the agent to go back before it takes lines, after each reconnect', async () => {
    const { reader } = scene();
    reader.deliver(text(9, 'a', 'too early'), journalId);
    reader.resumed(0, 9);
    reader.deliver(text(1, 'a', 'one'), journalId);
    expect(reader.request(journalId, 5)).toEqual({ type: 'resume', ref: 5, after: `${journalId}.1` });
    reader.deliver(text(10, 'a', 'live'), journalId);
    reader.resumed(1, 10);
    for (let seq = 2; seq <= 10; seq += 1) reader.deliver(text(seq, 'a', `${seq}`), journalId);
    const texts: string[] = [];
    for (let i = 0; i < 10; i += 1) texts.push((await reader.next()).value.text);
    expect(texts).toEqual(['one', '2', '3', '4', '5', '6', '7', '8', '9', '10']);
  });

  it('gives what came before an error, then the error, then the end', async () => {
    const { said, reader } = scene();
    const gap = new InstanceError('CCB_JOURNAL_GAP', 'rotated away');
    reader.resumed(0, 0);
    reader.deliver(text(1, 'a', 'one'), journalId);
    reader.fail(gap);
    expect((await reader.next()).value.text).toBe('one');
    await expect(reader.next()).rejects.toBe(gap);
    expect((await reader.next()).done).toBe(true);
    expect(said.filter((each) => each === 'ended')).toHaveLength(1);
  });

  it('ends with the reason of an abort at once, though entries are left', async () => {
    const { reader } = scene();
    reader.resumed(0, 0);
    reader.deliver(text(1, 'a', 'one'), journalId);
    reader.abort('enough');
    await expect(reader.next()).rejects.toBe('enough');
  });

  it('is full beyond a megabyte, passes lines over beyond sixteen, and asks for them when it was read', async () => {
    const { said, reader } = scene();
    reader.resumed(0, 0);
    for (let seq = 1; seq <= 400; seq += 1) reader.deliver(text(seq, 'a', big), journalId);
    expect(reader.full).toBe(true);
    let taken = 0;
    let step = await reader.next();
    while (!said.includes('again')) {
      taken += 1;
      step = await reader.next();
    }
    expect(taken).toBeLessThan(300);
    const { after } = reader.request(journalId, 1) as { after: string };
    reader.resumed(Number(after.split('.')[1]), 400);
    for (let seq = 1; seq <= 400; seq += 1) reader.deliver(text(seq, 'a', big), journalId);
    let last = step.value.cursor as string;
    for (taken += 1; taken < 400; taken += 1) {
      const { cursor } = (await reader.next()).value;
      expect(Number(cursor.split('.')[1])).toBe(Number(last.split('.')[1]) + 1);
      last = cursor;
    }
    expect(last).toBe(`${journalId}.400`);
    await reader.return();
  });
});
