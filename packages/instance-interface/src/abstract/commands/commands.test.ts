import { describe, expect, test, vi } from 'vitest';
import type { Answer } from '../../abstract.ts';
import type { PermissionHandler } from '../../index.ts';
import { DoorInstance, positionOf, successOf, textEvent } from '../../testing/door.ts';
import { collect, hanging, question, ScriptedInstance } from '../../testing/scripted.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });
const end = (answer: Answer | undefined): void => {
  if (answer === undefined) throw new Error('nothing was dispatched');
  answer.end(successOf(answer), positionOf(1));
};

describe('the queue', () => {
  test('runs commands one at a time, in call order', async () => {
    const instance = new ScriptedInstance({
      async *run({ text }) {
        instance.calls.push(`begin ${text}`);
        yield text;
        await Promise.resolve();
        instance.calls.push(`end ${text}`);
        return { success: true, completedBy: 'program' };
      },
    });
    const texts = ['a', 'b', 'c', 'd'];
    const results = await Promise.all(texts.map((text) => instance.sendCommandAndWait(text)));
    expect(results.map(({ output }) => output)).toEqual(texts);
    expect(instance.calls.filter((call) => /^(begin|end)/.test(call))).toEqual(
      texts.flatMap((text) => [`begin ${text}`, `end ${text}`]),
    );
  });

  test('dispatches at the call when the instance is idle, and the next one in the tick of the end', async () => {
    const instance = new DoorInstance();
    await instance.start();
    instance.sendCommand('a');
    instance.sendCommand('b');
    expect(instance.dispatched.map(({ text }) => text)).toEqual(['a']);
    expect(instance.running?.text).toBe('a');
    end(instance.dispatched[0]);
    expect(instance.dispatched.map(({ text }) => text)).toEqual(['a', 'b']);
    end(instance.dispatched[1]);
    expect(instance.running).toBeUndefined();
  });

  test('takes maxQueue waiting commands beside the running one, and answers CCB_BUSY on the stream', async () => {
    const instance = new DoorInstance({ maxQueue: 2 });
    await instance.start();
    for (const text of ['running', 'waiting', 'waiting']) instance.sendCommand(text);
    const refused = instance.sendCommand('too many');
    await expect(refused.result).rejects.toMatchObject({ code: 'CCB_BUSY', retryable: true, instance: 'scripted' });
    await expect(collect(refused)).rejects.toEqual(code('CCB_BUSY'));
    expect((await instance.getInfo()).queued).toBe(2);
    end(instance.dispatched[0]);
    instance.sendCommand('fits again');
    end(instance.dispatched[1]);
    end(instance.dispatched[2]);
    expect(instance.dispatched.at(-1)?.text).toBe('fits again');
    end(instance.dispatched[3]);
  });

  test('64 may wait by default; with maxQueue 0 one runs and none waits', async () => {
    const instance = new DoorInstance();
    await instance.start();
    const streams = Array.from({ length: 66 }, () => instance.sendCommand('x'));
    await expect(streams[65]?.result).rejects.toEqual(code('CCB_BUSY'));
    while (instance.running !== undefined) end(instance.running);
    expect(instance.dispatched).toHaveLength(65);

    const strict = new DoorInstance({ maxQueue: 0 });
    strict.onDispatch = (answer) => queueMicrotask(() => end(answer));
    const accepted = strict.sendCommand('first');
    await expect(strict.sendCommand('second').result).rejects.toEqual(code('CCB_BUSY'));
    await expect(accepted.result).resolves.toMatchObject({ success: true });
  });

  test('goes on after a command that failed, and after a backend that throws', async () => {
    const instance = new DoorInstance();
    instance.onDispatch = (answer) => {
      if (answer.text === 'bad') throw new Error('EPIPE');
      end(answer);
    };
    const bad = instance.sendCommand('bad');
    const good = instance.sendCommand('good');
    await expect(bad.result).rejects.toMatchObject({ code: 'CCB_PROTOCOL', cause: new Error('EPIPE') });
    await expect(good.result).resolves.toMatchObject({ success: true });
  });
});

describe('cancelling', () => {
  test('a queued command never begins', async () => {
    const instance = new DoorInstance();
    await instance.start();
    instance.sendCommand('a');
    const queued = instance.sendCommand('b', { id: 'b' });
    const result = await queued.cancel();
    expect(result).toEqual({
      id: 'b',
      durationMs: 0,
      outputBytes: 0,
      completedBy: 'cancel',
      inferred: false,
      success: false,
      status: 'cancelled',
      error: {
        code: 'CCB_CANCELLED',
        message: 'The command was cancelled; it was still waiting for its turn.',
        retryable: false,
      },
    });
    expect((await collect(queued.events())).map(({ type }) => type)).toEqual(['end']);
    end(instance.dispatched[0]);
    expect(instance.dispatched).toHaveLength(1);
    expect(instance.cancelled).toEqual([]);
  });

  test('by signal cancels the command, running, queued, or before it was sent', async () => {
    const instance = new ScriptedInstance(hanging('so far'));
    const controller = new AbortController();
    const { signal } = controller;
    const running = instance.sendCommandAndWait('a', { signal });
    const queued = instance.sendCommand('b', { signal });
    await instance.start();
    controller.abort();
    await expect(running).resolves.toMatchObject({ status: 'cancelled', output: 'so far', exitCode: 130 });
    await expect(queued.result).resolves.toMatchObject({ status: 'cancelled', durationMs: 0 });
    await expect(instance.sendCommand('c', { signal }).result).resolves.toMatchObject({ status: 'cancelled' });
    expect(instance.calls).toEqual(['start', 'run a', 'interrupt a']);
  });

  test('by deadline: the clock starts at the call, also in the queue', async () => {
    vi.useFakeTimers();
    try {
      const instance = new ScriptedInstance(hanging('so far'));
      await instance.start();
      const running = instance.sendCommand('a', { timeoutMs: 2000 });
      const queued = instance.sendCommand('b', { timeoutMs: 1000 });
      await vi.advanceTimersByTimeAsync(1010);
      await expect(queued.result).resolves.toMatchObject({
        status: 'timeout',
        completedBy: 'deadline',
        durationMs: 0,
        error: { code: 'CCB_TIMEOUT' },
      });
      await vi.advanceTimersByTimeAsync(1000);
      await expect(running.result).resolves.toMatchObject({
        status: 'timeout',
        completedBy: 'deadline',
        durationMs: 2000,
        exitCode: 130,
        error: { code: 'CCB_TIMEOUT', retryable: false },
      });
      expect(instance.calls).toEqual(['start', 'run a', 'interrupt a']);
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  test('a deadline of months is kept as it is', async () => {
    const instance = new DoorInstance();
    await instance.start();
    const stream = instance.sendCommand('a', { timeoutMs: 2 ** 40 });
    end(instance.dispatched[0]);
    await expect(stream.result).resolves.toMatchObject({ success: true });
  });

  test('the first reason wins, and it is asked for once', async () => {
    const instance = new DoorInstance();
    await instance.start();
    const stream = instance.sendCommand('a', { id: 'a' });
    void stream.cancel();
    void stream.cancel();
    void instance.interrupt();
    expect(instance.cancelled).toEqual(['cancelled a']);
    end(instance.dispatched[0]);
  });

  test('that the backend cannot do settles the result all the same', async () => {
    const instance = new DoorInstance();
    await instance.start();
    instance.onCancel = () => Promise.reject(new Error('EPIPE'));
    await expect(instance.sendCommand('a').cancel()).resolves.toMatchObject({
      status: 'cancelled',
      error: { message: 'The command was cancelled; cancelling it failed: EPIPE.' },
    });
    expect(instance.dispatched[0]?.signal.aborted).toBe(true);
  });

  test('that the backend never answers settles after 60 s', async () => {
    vi.useFakeTimers();
    try {
      const instance = new DoorInstance();
      await instance.start();
      const { promise, aborted } = watchCall(instance);
      await vi.advanceTimersByTimeAsync(59_990);
      expect(instance.running).toBeDefined();
      await vi.advanceTimersByTimeAsync(20);
      await expect(promise).resolves.toMatchObject({ status: 'cancelled' });
      expect(aborted()).toBe(true);
      expect(instance.running).toBeUndefined();
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  function watchCall(instance: DoorInstance): { promise: Promise<unknown>; aborted: () => boolean } {
    let signal: AbortSignal | undefined;
    instance.onCancel = (_, call) => {
      signal = call.signal;
      return new Promise(() => {});
    };
    return { promise: instance.sendCommand('a').cancel(), aborted: () => signal?.aborted ?? false };
  }
});

describe('an answer behind the door', () => {
  test('asks the policy of its command', async () => {
    const instance = new DoorInstance({ permission: 'allow' });
    await instance.start();
    instance.sendCommand('a');
    await expect(instance.dispatched[0]?.ask(question)).resolves.toEqual({ answer: 'allow_once', by: 'policy' });
    end(instance.dispatched[0]);
    const cancelled = { answer: 'cancelled', by: 'cancelled' };
    await expect(instance.dispatched[0]?.ask(question)).resolves.toEqual(cancelled);
    instance.sendCommand('b', { permission: () => new Promise(() => {}) });
    const open = instance.dispatched[1]?.ask(question);
    end(instance.dispatched[1]);
    await expect(open).resolves.toEqual(cancelled);
  });

  test("says which policy its program meets: the command's, else the instance's, else deny", async () => {
    for (const [policy, expected] of [
      [undefined, ['deny', 'deny', 'allow', 'ask']],
      ['allow', ['allow', 'deny', 'allow', 'ask']],
    ] as const) {
      const instance = new DoorInstance({ permission: policy });
      await instance.start();
      const handler: PermissionHandler = () => 'cancelled';
      for (const permission of [undefined, 'deny', 'allow', handler] as const) {
        instance.sendCommand('a', { permission });
        end(instance.dispatched.at(-1));
      }
      instance.resumeCommand('b', { permission: handler });
      expect(instance.dispatched.map(({ permission }) => permission)).toEqual(expected);
      expect(instance.resumed[0]?.permission).toBe('ask');
      await instance.detach();
    }
  });

  test('has a signal that aborts with what ended it, also for who looks at it afterwards', async () => {
    const instance = new DoorInstance();
    await instance.start();
    instance.sendCommand('a');
    await instance.detach();
    expect(instance.dispatched[0]?.signal.reason).toEqual(code('CCB_CLOSED'));
  });

  test('whose command was ended by the instance acknowledges nothing of the journal', async () => {
    const instance = new DoorInstance();
    await instance.start();
    const stream = instance.sendCommand('a');
    const reader = stream.events()[Symbol.asyncIterator]();
    instance.dispatched[0]?.push(textEvent(7, 'x'), 7);
    instance.onCancel = () => Promise.reject(new Error('EPIPE'));
    await stream.cancel();
    for (let step = await reader.next(); !step.done; step = await reader.next());
    expect(instance.taken).toEqual([7]);
    expect(stream.cursor).toBe('j.7');
  });
});

describe('interrupt', () => {
  test('ends the running command as cancelled, resolves when its end was seen, and the queue goes on', async () => {
    const instance = new ScriptedInstance();
    const script = hanging('so far');
    instance.script.interrupt = script.interrupt;
    instance.script.run = (command) => (command.text === 'a' ? script.run(command) : echo(command.text));
    const running = instance.sendCommand('a');
    const queued = instance.sendCommandAndWait('b');
    await instance.start();
    await expect(instance.interrupt()).resolves.toBe(true);
    await expect(running.result).resolves.toMatchObject({ status: 'cancelled', completedBy: 'cancel' });
    await expect(queued).resolves.toMatchObject({ output: 'b' });
    await expect(instance.interrupt()).resolves.toBe(false);
  });

  async function* echo(text: string) {
    yield text;
    return { success: true, completedBy: 'program' };
  }

  test('is CCB_NOT_SUPPORTED without the capability', async () => {
    const instance = new ScriptedInstance({}, { capabilities: {} });
    await expect(instance.interrupt()).rejects.toEqual(code('CCB_NOT_SUPPORTED'));
  });
});

describe('resumeCommand', () => {
  test('goes beside the queue, starts the instance, and hands the position on', async () => {
    const instance = new DoorInstance();
    const stream = instance.resumeCommand('old', { after: 'j.7' });
    expect(instance.state).toBe('starting');
    await instance.start();
    instance.sendCommand('new');
    const answer = instance.resumed[0] as Answer;
    expect(answer).toMatchObject({ id: 'old', text: '', resumed: true, after: 'j.7' });
    expect(instance.dispatched).toHaveLength(1);
    answer.push(textEvent(8, 'rest'), 8);
    end(answer);
    expect(await collect(stream)).toEqual(['rest']);
    end(instance.dispatched[0]);
  });

  test('its deadline and signal end this wait, not the command', async () => {
    const instance = new DoorInstance();
    await instance.start();
    const late = instance.resumeCommand('old', { timeoutMs: 5 });
    await expect(late.result).rejects.toEqual(code('CCB_TIMEOUT'));
    expect(instance.resumed[0]?.signal.aborted).toBe(true);
    const controller = new AbortController();
    const left = instance.resumeCommand('old', { signal: controller.signal });
    controller.abort('enough');
    await expect(left.result).rejects.toMatchObject({ code: 'CCB_ABORTED', cause: 'enough' });
    expect(instance.cancelled).toEqual([]);
  });

  test('cancel() before the instance runs is handed on when it does', async () => {
    const instance = new DoorInstance();
    instance.onCancel = async (answer) => end(answer);
    const stream = instance.resumeCommand('old');
    await expect(stream.cancel()).resolves.toBeDefined();
    expect(instance.cancelled).toEqual(['cancelled old']);
  });

  test('is CCB_NOT_SUPPORTED on the stream without the capability', async () => {
    const instance = new ScriptedInstance({}, { capabilities: {} });
    const stream = instance.resumeCommand('old');
    await expect(stream.result).rejects.toEqual(code('CCB_NOT_SUPPORTED'));
    await expect(collect(stream)).rejects.toEqual(code('CCB_NOT_SUPPORTED'));
    expect(instance.calls).toEqual([]);
  });
});

describe('history', () => {
  test('comes from the backend, with the options resolved', async () => {
    const instance = new DoorInstance();
    instance.entries = [{ commandId: 'a', ...textEvent(1, 'x') }];
    expect(await collect(instance.history({ after: 'j.0' }))).toEqual(instance.entries);
    expect(instance.calls).toEqual(['history j.0 false']);
  });
});

test('no rejection is ever unhandled, whoever looks at nothing', async () => {
  const unhandled: unknown[] = [];
  const listener = (reason: unknown): void => void unhandled.push(reason);
  process.on('unhandledRejection', listener);
  try {
    const broken = new ScriptedInstance({ start: () => Promise.reject(new Error('no')) });
    broken.sendCommand('a');
    broken.sendCommand('b').result;
    const stopped = new ScriptedInstance(hanging('x'));
    await stopped.start();
    stopped.sendCommand('a').result;
    stopped.sendCommand('b');
    await stopped.stop();
    const failing = new ScriptedInstance({
      // biome-ignore lint/correctness/useYield: it fails before it says anything
      async *run() {
        throw new Error('oops');
      },
    });
    failing.sendCommand('a').result;
    const closed = new DoorInstance();
    await closed.start();
    closed.sendCommand('a').result;
    closed.resumeCommand('b').result;
    await closed.detach();
    closed.sendCommand('c').result;
    // Unhandled rejections are told after the microtasks of a tick.
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    expect(unhandled).toEqual([]);
  } finally {
    process.off('unhandledRejection', listener);
  }
});
