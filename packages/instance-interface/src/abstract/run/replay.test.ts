import { describe, expect, test } from 'vitest';
import { InstanceError } from '../../index.ts';
import { collect, completed, hanging, ScriptedInstance } from '../../testing/scripted.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });
const runs = (instance: ScriptedInstance): string[] => instance.calls.filter((call) => call.startsWith('run'));

describe('an id that comes again', () => {
  test('with the same text is replayed, not run', async () => {
    const instance = new ScriptedInstance();
    const first = instance.sendCommand('x', { id: 'a' });
    const events = await collect(first.events());
    const again = instance.sendCommand('x', { id: 'a' });
    expect(await collect(again.events())).toEqual(events);
    expect(await again.result).toEqual(await first.result);
    await expect(instance.sendCommandAndWait('x', { id: 'a' })).resolves.toMatchObject({ output: 'x', success: true });
    expect(runs(instance)).toEqual(['run x']);
  });

  test('with another text is CCB_ID_CONFLICT', async () => {
    const instance = new ScriptedInstance();
    await instance.sendCommandAndWait('x', { id: 'a' });
    await expect(instance.sendCommand('y', { id: 'a' }).result).rejects.toEqual(code('CCB_ID_CONFLICT'));
    expect(runs(instance)).toEqual(['run x']);
  });

  test('while the first one runs waits for it and gets the same', async () => {
    const script = hanging('so far');
    const instance = new ScriptedInstance(script);
    await instance.start();
    const first = instance.sendCommandAndWait('x', { id: 'a' });
    const second = instance.sendCommandAndWait('x', { id: 'a' });
    script.release();
    expect(await second).toEqual(await first);
    expect(runs(instance)).toEqual(['run x']);
  });

  test('after it was cancelled in the queue is run: it never began', async () => {
    const script = hanging();
    const instance = new ScriptedInstance(script);
    await instance.start();
    const running = instance.sendCommand('x');
    await instance.sendCommand('y', { id: 'a' }).cancel();
    const again = instance.sendCommand('y', { id: 'a' });
    script.release();
    await running.result;
    await expect(again.result).resolves.toMatchObject({ success: true });
    expect(runs(instance)).toEqual(['run x', 'run y']);
  });

  test('after a stop in its middle is not run again', async () => {
    const instance = new ScriptedInstance(hanging('so far'));
    await instance.start();
    const first = instance.sendCommand('x', { id: 'a' });
    await instance.stop();
    await expect(first.result).rejects.toEqual(code('CCB_STOPPED'));
    await expect(instance.sendCommandAndWait('x', { id: 'a' })).resolves.toMatchObject({
      success: false,
      output: 'so far',
      error: { code: 'CCB_STOPPED' },
    });
    expect(runs(instance)).toEqual(['run x']);
  });

  test('whose events had to make room is CCB_JOURNAL_GAP, and still not run', async () => {
    const instance = new ScriptedInstance({
      async *run({ text }) {
        yield text.repeat(600 * 1024);
        return completed;
      },
    });
    const old = instance.sendCommand('x', { id: 'old' });
    await collect(old);
    await instance.sendCommandAndWait('y', { id: 'new' });
    await expect(instance.sendCommand('x', { id: 'old' }).result).rejects.toEqual(code('CCB_JOURNAL_GAP'));
    await expect(instance.sendCommandAndWait('y', { id: 'new' })).resolves.toMatchObject({ outputBytes: 600 * 1024 });
    expect(runs(instance)).toEqual(['run x', 'run y']);
  });

  test('is remembered for the last 10,000 commands', async () => {
    const instance = new ScriptedInstance();
    for (let n = 0; n <= 10_000; n++) await instance.sendCommand('x', { id: `${n}` }).result;
    await instance.sendCommand('x', { id: '1' }).result;
    expect(runs(instance)).toHaveLength(10_001);
    await instance.sendCommand('x', { id: '0' }).result;
    expect(runs(instance)).toHaveLength(10_002);
  });
});

describe('resumeCommand from memory', () => {
  test('continues after a cursor; after the last one there is only the result', async () => {
    const instance = new ScriptedInstance({
      async *run() {
        yield* ['a', 'b', 'c'];
        return completed;
      },
    });
    const events = await collect(instance.sendCommand('x', { id: 'a' }).events());
    for (const [index, { cursor }] of events.entries()) {
      const stream = instance.resumeCommand('a', { after: cursor });
      const rest = await collect(stream.text());
      expect(rest).toEqual(['a', 'b', 'c'].slice(index + 1));
      await expect(stream.result).resolves.toMatchObject({ success: true, id: 'a' });
    }
    expect(await collect(instance.resumeCommand('a').events())).toEqual(events);
  });

  test('follows a running one, and its cancel() ends that command', async () => {
    const script = hanging('so far');
    const instance = new ScriptedInstance(script);
    await instance.start();
    const first = instance.sendCommand('x', { id: 'a' });
    const second = instance.resumeCommand('a');
    const reader = second.text({ cancelOnReturn: false })[Symbol.asyncIterator]();
    await expect(reader.next()).resolves.toEqual({ done: false, value: 'so far' });
    const cancelled = await second.cancel();
    expect(cancelled).toMatchObject({ status: 'cancelled' });
    expect(await first.result).toEqual(cancelled);
  });

  test('an unknown id is CCB_NOT_FOUND, a foreign cursor CCB_JOURNAL_LOST', async () => {
    const instance = new ScriptedInstance();
    await instance.sendCommandAndWait('x', { id: 'a' });
    await expect(instance.resumeCommand('b').result).rejects.toEqual(code('CCB_NOT_FOUND'));
    await expect(collect(instance.resumeCommand('a', { after: 'j7.1' }))).rejects.toEqual(code('CCB_JOURNAL_LOST'));
  });

  test('a run that was given up is remembered with the reason', async () => {
    const instance = new ScriptedInstance(hanging('so far'));
    await instance.start();
    const first = instance.sendCommand('x', { id: 'a' });
    instance.move('failed', 'it broke', new InstanceError('CCB_AGENT_LOST', 'it broke'));
    await expect(first.result).rejects.toEqual(code('CCB_AGENT_LOST'));
    await expect(instance.resumeCommand('a').result).resolves.toMatchObject({
      success: false,
      error: { code: 'CCB_AGENT_LOST', message: 'it broke' },
    });
  });
});
