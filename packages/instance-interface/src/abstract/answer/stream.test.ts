import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Answer } from '../../abstract.ts';
import type { CommandEvent, CommandStream } from '../../index.ts';
import { DoorInstance, positionOf, successOf, textEvent } from '../../testing/door.ts';
import { collect } from '../../testing/scripted.ts';

const MiB = 1024 * 1024;
const code = (expected: string) => expect.objectContaining({ code: expected });
const status: CommandEvent = { cursor: 'j.9', at: '2026-01-02T03:04:05.000Z', type: 'status', status: 'stalled' };

describe('an answer and its reader', () => {
  let instance: DoorInstance;

  beforeEach(async () => {
    instance = new DoorInstance();
    await instance.start();
  });
  afterEach(() => instance.cleanup());

  function send(options?: Parameters<DoorInstance['sendCommand']>[1]): { stream: CommandStream; answer: Answer } {
    const stream = instance.sendCommand('x', options);
    return { stream, answer: instance.dispatched.at(-1) as Answer };
  }
  function end(answer: Answer, seq = 99): void {
    answer.end(successOf(answer), positionOf(seq));
  }

  test('for await gives each text as one string, and stderr only in events()', async () => {
    const feed = (answer: Answer): void => {
      answer.push(textEvent(1, 'out ', 'stdout'), 1);
      answer.push(status, 2);
      answer.push(textEvent(3, 'err ', 'stderr'), 3);
      answer.push(textEvent(4, 'and out'), 4);
      end(answer);
    };
    const one = send();
    feed(one.answer);
    expect(await collect(one.stream)).toEqual(['out ', 'and out']);
    const two = send();
    feed(two.answer);
    expect(await collect(two.stream.text())).toEqual(['out ', 'and out']);
    const three = send();
    feed(three.answer);
    const events = await collect(three.stream.events());
    expect(events.map((event) => event.type)).toEqual(['text', 'status', 'text', 'text', 'end']);
    expect(events.at(-1)).toEqual({
      ...positionOf(99),
      seq: undefined,
      type: 'end',
      result: await three.stream.result,
    });
  });

  test('merged, stderr is text too', async () => {
    const { stream, answer } = send({ stderr: 'merge' });
    expect(answer.stderr).toBe('merge');
    for (const [index, text] of ['a', 'b', 'c'].entries()) {
      answer.push(textEvent(index, text, index === 1 ? 'stderr' : undefined), index);
    }
    end(answer);
    expect(await collect(stream)).toEqual(['a', 'b', 'c']);
  });

  test('an event that the reader waits for is handed over without being kept', async () => {
    const { stream, answer } = send();
    const reader = stream.text()[Symbol.asyncIterator]();
    const steps = [reader.next(), reader.next(), reader.next()];
    answer.push(textEvent(1, 'a'), 1);
    answer.push(textEvent(2, 'b'), 2);
    expect(instance.taken).toEqual([1, 2]);
    end(answer);
    expect(await Promise.all(steps)).toEqual([
      { done: false, value: 'a' },
      { done: false, value: 'b' },
      { done: true, value: undefined },
    ]);
    expect(await reader.next()).toEqual({ done: true, value: undefined });
  });

  test('late output is for history() only', async () => {
    const { stream, answer } = send();
    answer.push({ ...textEvent(1, 'late'), late: true } as CommandEvent, 1);
    answer.push(textEvent(2, 'in time'), 2);
    answer.push({ ...textEvent(3, 'late'), late: true } as CommandEvent, 3);
    end(answer);
    expect((await collect(stream.events())).map((event) => event.type)).toEqual(['text', 'end']);
    expect(instance.taken).toEqual([1, 99]);
  });

  test.each([
    ['text', 'text'],
    ['text', 'events'],
    ['events', 'text'],
    ['events', 'for await'],
    ['for await', 'for await'],
  ] as const)('has one reader: %s and then %s is a TypeError', async (first, second) => {
    const { stream, answer } = send();
    const read = {
      text: () => stream.text(),
      events: () => stream.events(),
      'for await': () => stream[Symbol.asyncIterator](),
    };
    read[first]();
    expect(read[second]).toThrow(TypeError);
    expect(read[second]).toThrow(/has its reader/);
    end(answer);
  });

  test('cursor is the position of the last event that the reader was given', async () => {
    const { stream, answer } = send();
    answer.push(textEvent(1, 'a'), 1);
    answer.push(textEvent(2, 'b'), 2);
    expect(stream.cursor).toBeUndefined();
    const reader = stream.events()[Symbol.asyncIterator]();
    await reader.next();
    expect(stream.cursor).toBe('j.1');
    await reader.next();
    expect(stream.cursor).toBe('j.2');
    end(answer);
    expect(stream.cursor).toBe('j.2');
    await reader.next();
    expect(stream.cursor).toBe('j.99');
  });

  test('leaving the loop cancels the command', async () => {
    const { stream, answer } = send({ id: 'c1' });
    answer.push(textEvent(1, 'a'), 1);
    for await (const _ of stream) break;
    expect(instance.cancelled).toEqual(['cancelled c1']);
    expect(answer.cancelRequested).toBe('cancelled');
    end(answer);
  });

  test('leaving the loop by an error cancels it too', async () => {
    const { stream, answer } = send({ id: 'c1' });
    answer.push(textEvent(1, 'a'), 1);
    const loop = async (): Promise<void> => {
      for await (const _ of stream) throw new Error('mine');
    };
    await expect(loop()).rejects.toThrow('mine');
    expect(instance.cancelled).toEqual(['cancelled c1']);
    end(answer);
  });

  test('with cancelOnReturn: false it leaves the command alone, and the rest is for nobody', async () => {
    const { stream, answer } = send();
    for (const seq of [1, 2, 3]) answer.push(textEvent(seq, 'a'), seq);
    for await (const _ of stream.text({ cancelOnReturn: false })) break;
    expect(instance.taken).toEqual([1, 3]);
    answer.push(textEvent(4, 'a'), 4);
    end(answer, 5);
    expect(instance.taken).toEqual([1, 3, 4, 5]);
    expect(instance.cancelled).toEqual([]);
    await expect(stream.result).resolves.toMatchObject({ success: true });
  });

  test('leaving the loop after the end cancels nothing', async () => {
    const { stream, answer } = send();
    answer.push(textEvent(1, 'a'), 1);
    end(answer);
    for await (const _ of stream) break;
    expect(instance.cancelled).toEqual([]);
  });

  test('a signal ends the reading alone, with its reason', async () => {
    const { stream, answer } = send();
    const controller = new AbortController();
    const reader = stream.events({ signal: controller.signal })[Symbol.asyncIterator]();
    const step = reader.next();
    controller.abort(new Error('the client went away'));
    await expect(step).rejects.toThrow('the client went away');
    await expect(reader.next()).resolves.toEqual({ done: true, value: undefined });
    answer.push(textEvent(1, 'a'), 1);
    expect(instance.taken).toEqual([1]);
    end(answer);
    expect(instance.cancelled).toEqual([]);
    await expect(stream.result).resolves.toMatchObject({ success: true });
  });

  test('a signal that aborts between two steps ends the next one; one that has aborted ends the first', async () => {
    const one = send();
    const controller = new AbortController();
    const reader = one.stream.text({ signal: controller.signal })[Symbol.asyncIterator]();
    one.answer.push(textEvent(1, 'a'), 1);
    one.answer.push(textEvent(2, 'b'), 2);
    await reader.next();
    controller.abort(new Error('gone'));
    await expect(reader.next()).rejects.toThrow('gone');
    end(one.answer);
    const two = send();
    await expect(collect(two.stream.text({ signal: controller.signal }))).rejects.toThrow('gone');
    end(two.answer);
  });

  test('the reader gets what came before a failure, then the error of result', async () => {
    const { stream, answer } = send();
    answer.push(textEvent(1, 'a'), 1);
    const error = await instance.stop().then(() => stream.result.catch((reason: unknown) => reason));
    const reader = stream[Symbol.asyncIterator]();
    expect(await reader.next()).toEqual({ done: false, value: 'a' });
    await expect(reader.next()).rejects.toBe(error);
    expect(await reader.next()).toEqual({ done: true, value: undefined });
  });

  test('a slow reader is full past 1 MiB and drains below a quarter', async () => {
    const { stream, answer } = send();
    let drains = 0;
    answer.onDrain = () => drains++;
    const reader = stream[Symbol.asyncIterator]();
    const piece = 'x'.repeat(MiB / 8);
    for (let seq = 1; seq <= 8; seq++) answer.push(textEvent(seq, piece), seq);
    expect(answer.full).toBe(false);
    answer.push(textEvent(9, piece), 9);
    expect(answer.full).toBe(true);
    for (let step = 0; step < 7; step++) await reader.next();
    expect({ full: answer.full, drains }).toEqual({ full: true, drains: 0 });
    await reader.next();
    expect({ full: answer.full, drains }).toEqual({ full: false, drains: 1 });
    end(answer);
    expect(await reader.next()).toMatchObject({ done: false });
    expect(await reader.next()).toMatchObject({ done: true });
    expect(drains).toBe(1);
  });

  test('a full reader that leaves, or whose command ends, drains too', async () => {
    for (const leave of [true, false]) {
      const { stream, answer } = send();
      let drains = 0;
      answer.onDrain = () => drains++;
      const reader = stream.text({ cancelOnReturn: false })[Symbol.asyncIterator]();
      answer.push(textEvent(1, 'x'.repeat(MiB + 1)), 1);
      expect(answer.full).toBe(true);
      if (leave) await reader.return?.();
      else end(answer);
      expect({ full: answer.full, drains }).toEqual({ full: false, drains: 1 });
      end(answer);
    }
  });

  test('a backend that never looks at full is cut off at 16 MiB, and the reader is told', async () => {
    const { stream, answer } = send();
    const reader = stream[Symbol.asyncIterator]();
    for (let seq = 1; seq <= 20; seq++) answer.push(textEvent(seq, 'x'.repeat(MiB)), seq);
    end(answer);
    let bytes = 0;
    const drain = async (): Promise<void> => {
      for (let step = await reader.next(); !step.done; step = await reader.next()) bytes += step.value.length;
    };
    await expect(drain()).rejects.toEqual(code('CCB_JOURNAL_GAP'));
    expect(bytes).toBe(16 * MiB);
  });

  test('a reader that never quite catches up gets everything, in order', async () => {
    const { stream, answer } = send();
    const reader = stream[Symbol.asyncIterator]();
    answer.push(textEvent(0, '0'), 0);
    for (let seq = 1; seq < 5000; seq++) {
      answer.push(textEvent(seq, `${seq}`), seq);
      expect(await reader.next()).toEqual({ done: false, value: `${seq - 1}` });
    }
    expect(await reader.next()).toEqual({ done: false, value: '4999' });
    end(answer);
  });

  test('events without any text are not kept without end either', async () => {
    const { stream, answer } = send();
    const reader = stream.events({ cancelOnReturn: false })[Symbol.asyncIterator]();
    let seq = 1;
    while (seq < 100_000 && !answer.full) answer.push(textEvent(seq, ''), seq++);
    expect(seq).toBeLessThan(20_000);
    await reader.return?.();
    end(answer);
  });

  test('nobody reads: past 1 MiB it is dropped, never full, and the result settles', async () => {
    const { stream, answer } = send();
    for (let seq = 1; seq <= 5; seq++) {
      answer.push(textEvent(seq, 'x'.repeat(MiB / 2)), seq);
      expect(answer.full).toBe(false);
    }
    expect(instance.taken).toEqual([3, 4, 5]);
    end(answer);
    await expect(stream.result).resolves.toMatchObject({ success: true });
    const reader = stream.events()[Symbol.asyncIterator]();
    await reader.next();
    await reader.next();
    await expect(reader.next()).rejects.toEqual(code('CCB_JOURNAL_GAP'));
    expect(stream.cursor).toBe('j.2');
  });

  test('nobody reads: what is below 1 MiB can be read after the end, and counts as taken at the end', async () => {
    const { stream, answer } = send();
    answer.push(textEvent(1, 'a'), 1);
    expect(instance.taken).toEqual([]);
    end(answer);
    expect(instance.taken).toEqual([99]);
    expect(await collect(stream)).toEqual(['a']);
  });

  test('nothing is pushed into a settled answer, and only the first end counts', async () => {
    const { stream, answer } = send();
    end(answer);
    answer.push(textEvent(1, 'a'), 1);
    answer.end({ ...successOf(answer), durationMs: 77 }, positionOf(100));
    expect(answer.settled).toBe(true);
    expect((await stream.result).durationMs).toBe(1);
    expect(await collect(stream)).toEqual([]);
  });

  test('result is one promise, whenever it is looked at', async () => {
    const { stream, answer } = send();
    const before = stream.result;
    end(answer);
    expect(stream.result).toBe(before);
    await expect(before).resolves.toBe(await stream.result);
  });

  test('await using cancels, unless it has ended', async () => {
    const one = send({ id: 'c1' });
    const gone = one.stream[Symbol.asyncDispose]();
    end(one.answer);
    await gone;
    const two = send({ id: 'c2' });
    end(two.answer);
    await two.stream[Symbol.asyncDispose]();
    expect(instance.cancelled).toEqual(['cancelled c1']);
  });

  test('cancel() resolves also when the instance failed meanwhile', async () => {
    const { stream } = send({ id: 'c1' });
    const cancelled = stream.cancel();
    await instance.stop();
    await expect(cancelled).resolves.toMatchObject({
      id: 'c1',
      success: false,
      status: 'failed',
      error: { code: 'CCB_STOPPED', retryable: true },
    });
  });
});

describe('sendCommandAndWait', () => {
  test('collects the text up to maxOutputBytes and cuts between characters', async () => {
    const instance = new DoorInstance();
    instance.onDispatch = (answer) => {
      answer.push(textEvent(1, 'a'), 1);
      queueMicrotask(() => {
        answer.push(textEvent(2, 'äö€😀', 'stdout'), 2);
        answer.push(textEvent(3, 'err', 'stderr'), 3);
        answer.push(textEvent(4, 'z'), 4);
        answer.end(successOf(answer), positionOf(5));
      });
    };
    const outputs = [];
    for (let maxOutputBytes = 0; maxOutputBytes <= 13; maxOutputBytes++) {
      const { output, truncated } = await instance.sendCommandAndWait('x', { maxOutputBytes });
      outputs.push(`${output} ${truncated}`);
    }
    expect(outputs).toEqual([
      ' true',
      'a true',
      'a true',
      'aä true',
      'aä true',
      'aäö true',
      'aäö true',
      'aäö true',
      'aäö€ true',
      'aäö€ true',
      'aäö€ true',
      'aäö€ true',
      'aäö€😀 true',
      'aäö€😀z false',
    ]);
    expect(instance.taken.slice(0, 5)).toEqual([1, 2, 3, 4, 5]);
    await instance.cleanup();
  });
});
