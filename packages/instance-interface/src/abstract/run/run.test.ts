import { describe, expect, test, vi } from 'vitest';
import { type CommandUpdate, InstanceError, type PermissionPolicy } from '../../index.ts';
import {
  able,
  collect,
  completed,
  deferred,
  hanging,
  question,
  type RunGenerator,
  ScriptedInstance,
} from '../../testing/scripted.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });

function yielding(updates: readonly (string | Exclude<CommandUpdate, { type: 'end' }>)[], end = completed) {
  return {
    async *run(): RunGenerator {
      yield* updates;
      return end;
    },
  };
}

describe('what _run yields', () => {
  test('reaches the reader as text, stamped, with the end last', async () => {
    const instance = new ScriptedInstance(yielding(['a', { type: 'thought', text: 'hm' }, '', 'b']));
    const stream = instance.sendCommand('x', { id: 'x1' });
    const events = await collect(stream.events());
    expect(events.map(({ cursor, at: _, ...rest }) => [cursor, rest])).toEqual([
      ['local.1', { type: 'text', text: 'a' }],
      ['local.2', { type: 'thought', text: 'hm' }],
      ['local.3', { type: 'text', text: 'b' }],
      ['local.4', { type: 'end', result: await stream.result }],
    ]);
    expect(stream.cursor).toBe('local.4');
  });

  test('counts the bytes of the text: UTF-8, or the true ones', async () => {
    const bytes = Buffer.from([0xff, 0xfe, 0x41]).toString('base64');
    const updates: CommandUpdate[] = [
      { type: 'text', text: 'ä€' },
      { type: 'text', text: '\ufffd\ufffdA', stream: 'stdout', bytes },
      { type: 'text', text: 'not counted', stream: 'stderr' },
    ];
    const instance = new ScriptedInstance(yielding(updates as never));
    await expect(instance.sendCommandAndWait('x')).resolves.toMatchObject({ outputBytes: 5 + 3 });
    await expect(instance.sendCommandAndWait('x', { stderr: 'merge' })).resolves.toMatchObject({
      outputBytes: 5 + 3 + 11,
      output: 'ä€\ufffd\ufffdAnot counted',
    });
  });

  test('is held back while the reader is slow, and goes on when it has caught up', async () => {
    const piece = 'x'.repeat(64 * 1024);
    let made = 0;
    const instance = new ScriptedInstance({
      async *run() {
        for (; made < 100; made++) yield piece;
        return completed;
      },
    });
    await instance.start();
    const reader = instance.sendCommand('x')[Symbol.asyncIterator]();
    await settle();
    expect(made).toBe(16);
    let bytes = 0;
    for (let step = await reader.next(); !step.done; step = await reader.next()) bytes += step.value.length;
    expect(bytes).toBe(100 * piece.length);
  });

  test('does not wait for a reader that never comes', async () => {
    const instance = new ScriptedInstance(yielding(Array.from({ length: 100 }, () => 'x'.repeat(64 * 1024))));
    const { success, outputBytes } = await instance.sendCommand('x').result;
    expect({ success, outputBytes }).toEqual({ success: true, outputBytes: 100 * 64 * 1024 });
  });
});

describe('how _run ends', () => {
  test('in success, with all that it says', async () => {
    const usage = { inputTokens: 3, costUsd: 0.01 };
    const end = {
      success: true,
      completedBy: 'osc133',
      inferred: true,
      exitCode: 0,
      stopReason: 'end_turn',
      usage,
    } as const;
    const result = await new ScriptedInstance(yielding([], end)).sendCommand('x', { id: 'a' }).result;
    expect(result).toEqual({ id: 'a', durationMs: expect.any(Number), outputBytes: 0, status: 'completed', ...end });
  });

  test.each([
    [{ success: false, completedBy: 'exit', exitCode: 3 }, 'exit status 3'],
    [{ success: false, completedBy: 'program', stopReason: 'refusal' as const }, 'the program stopped: refusal'],
    [{ success: false, completedBy: 'program' }, 'the program reported a failure'],
  ])('in failure without an error: %j', async (end, message) => {
    await expect(new ScriptedInstance(yielding([], end)).sendCommand('x').result).resolves.toMatchObject({
      success: false,
      status: 'failed',
      inferred: false,
      error: { code: 'CCB_COMMAND_FAILED', message, retryable: false },
    });
  });

  test('in failure, the message quotes the tail of stderr', async () => {
    const noise: CommandUpdate = { type: 'text', text: `${'x'.repeat(5000)}\n`, stream: 'stderr' };
    const why: CommandUpdate = { type: 'text', text: 'cat: nope: No such file\n', stream: 'stderr' };
    const end = { success: false, completedBy: 'exit', exitCode: 1 };
    const short = await new ScriptedInstance(yielding([why], end)).sendCommand('x').result;
    expect(short.error?.message).toBe('exit status 1: cat: nope: No such file');
    const long = await new ScriptedInstance(yielding([noise, why], end)).sendCommand('x').result;
    expect(long.error?.message.length).toBeLessThan(1100);
    expect(long.error?.message).toMatch(/No such file$/);
  });

  test('in failure with its own error', async () => {
    const error = { code: 'signal', message: 'ended by SIGSEGV', retryable: false };
    const end = { success: false, completedBy: 'exit', error };
    await expect(new ScriptedInstance(yielding([], end)).sendCommand('x').result).resolves.toMatchObject({ error });
  });

  function throwing(error: unknown) {
    return {
      async *run(): RunGenerator {
        yield 'so far';
        throw error;
      },
    };
  }

  test.each([
    [new Error('spawn EAGAIN'), { code: 'CCB_COMMAND_FAILED', message: 'spawn EAGAIN', retryable: false }],
    ['a string', { code: 'CCB_COMMAND_FAILED', message: 'a string', retryable: false }],
    [
      new InstanceError('CCB_PROGRAM_EXITED', 'it died', { retryable: true }),
      { code: 'CCB_PROGRAM_EXITED', message: 'it died', retryable: true },
    ],
  ])('by throwing %s: a failed result, and the next command runs', async (thrown, error) => {
    const instance = new ScriptedInstance(throwing(thrown));
    const failed = instance.sendCommandAndWait('x');
    await expect(failed).resolves.toMatchObject({ status: 'failed', output: 'so far', error });
    delete instance.script.run;
    await expect(instance.sendCommandAndWait('y')).resolves.toMatchObject({ output: 'y' });
  });

  test.each(['CCB_BACKEND_UNREACHABLE', 'CCB_STOPPED', 'CCB_CLOSED', 'CCB_PIPE'])(
    'by throwing %s: the instance is out of reach, and the stream fails',
    async (expected) => {
      const stream = new ScriptedInstance(throwing(new InstanceError(expected, 'gone'))).sendCommand('x');
      await expect(stream.result).rejects.toEqual(code(expected));
      const reader = stream[Symbol.asyncIterator]();
      await expect(reader.next()).resolves.toEqual({ done: false, value: 'so far' });
      await expect(reader.next()).rejects.toEqual(code(expected));
    },
  );

  test('by returning nothing: a failed result that says what is missing', async () => {
    const result = await new ScriptedInstance(yielding([], null as never)).sendCommand('x').result;
    expect(result.error?.message).toMatch(/_run returned no RunEnd/);
  });

  test('with success although it was cancelled: cancelled, with its exit code', async () => {
    const instance = new ScriptedInstance();
    const gate = deferred();
    instance.script.run = async function* () {
      yield 'x';
      await gate.promise;
      return { success: true, completedBy: 'exit', exitCode: 0 };
    };
    instance.script.interrupt = async () => gate.resolve();
    const stream = instance.sendCommand('x');
    await instance.start();
    await expect(stream.cancel()).resolves.toMatchObject({
      success: false,
      status: 'cancelled',
      completedBy: 'cancel',
      exitCode: 0,
      error: { code: 'CCB_CANCELLED', message: 'The command was cancelled.' },
    });
  });
});

describe('a program that resists', () => {
  /** Ignores the interrupt; `obeysSignal`: ends when it is given up. */
  function resisting(obeysSignal: boolean) {
    return {
      async *run({ signal }: { readonly signal: AbortSignal }): RunGenerator {
        yield 'x';
        await new Promise((_, reject) => {
          if (obeysSignal) signal.addEventListener('abort', () => reject(signal.reason));
        });
        return completed;
      },
    };
  }

  test.each([
    ['has 10 s, then its signal aborts', able, true, 10_000],
    ['and ignores that too has 5 s more', able, false, 15_000],
    ['and cannot be interrupted is given up at once', { ...able, interrupt: false }, true, 0],
    ['and cannot be interrupted has 5 s', { ...able, interrupt: false }, false, 5_000],
  ])('%s', async (_, capabilities, obeysSignal, ms) => {
    vi.useFakeTimers();
    try {
      const events: string[] = [];
      const instance = new ScriptedInstance(resisting(obeysSignal), {
        capabilities,
        log: ({ event }) => events.push(event),
      });
      await instance.start();
      const stream = instance.sendCommand('x');
      await vi.advanceTimersByTimeAsync(1);
      let ended = false;
      const cancelled = stream.cancel().finally(() => (ended = true));
      if (ms > 0) {
        await vi.advanceTimersByTimeAsync(ms - 10);
        expect(ended).toBe(false);
      }
      await vi.advanceTimersByTimeAsync(20);
      await expect(cancelled).resolves.toMatchObject({ status: 'cancelled' });
      expect(instance.calls.includes('interrupt x')).toBe(capabilities.interrupt);
      expect(events).toEqual(['command.cancel_escalated']);
      delete instance.script.run;
      const next = instance.sendCommandAndWait('y');
      await vi.advanceTimersByTimeAsync(5_010);
      await expect(next).resolves.toMatchObject({ output: 'y' });
      expect(events.includes('command.overlaps')).toBe(!obeysSignal);
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  test('and whose interrupt fails is given up at once', async () => {
    const instance = new ScriptedInstance(resisting(true));
    instance.script.interrupt = () => Promise.reject(new Error('ESRCH'));
    const stream = instance.sendCommand('x');
    await instance.start();
    await expect(stream.cancel()).resolves.toMatchObject({ status: 'cancelled' });
  });

  test('is cancelled although its reader is slow', async () => {
    const instance = new ScriptedInstance();
    let interrupted = false;
    instance.script.run = async function* () {
      while (!interrupted) yield 'x'.repeat(1024 * 1024);
      return { success: false, completedBy: 'exit' };
    };
    instance.script.interrupt = async () => {
      interrupted = true;
    };
    await instance.start();
    const stream = instance.sendCommand('x');
    const reader = stream.text({ cancelOnReturn: false })[Symbol.asyncIterator]();
    await reader.next();
    await settle();
    await expect(stream.cancel()).resolves.toMatchObject({ status: 'cancelled' });
    await reader.return?.();
  });

  test('a generator that still unwinds does not meet its successor', async () => {
    const unwinding = deferred();
    const script = hanging('so far');
    const order: string[] = [];
    const instance = new ScriptedInstance({
      async *run(command) {
        try {
          return yield* script.run(command);
        } finally {
          await unwinding.promise;
          order.push(`over ${command.text}`);
        }
      },
    });
    await instance.start();
    const first = instance.sendCommand('a');
    instance.move('failed', 'it broke', new InstanceError('CCB_AGENT_LOST', 'it broke'));
    await expect(first.result).rejects.toEqual(code('CCB_AGENT_LOST'));
    instance.script.run = async function* ({ text }) {
      order.push(`begin ${text}`);
      yield text;
      return completed;
    };
    const second = instance.sendCommandAndWait('b');
    await settle();
    unwinding.resolve();
    await expect(second).resolves.toMatchObject({ output: 'b' });
    expect(order).toEqual(['over a', 'begin b']);
  });

  test('a command that waits for it can be cancelled, and never begins', async () => {
    const unwinding = deferred();
    const instance = new ScriptedInstance({
      async *run() {
        try {
          yield 'x';
          return completed;
        } finally {
          await unwinding.promise;
        }
      },
    });
    await instance.start();
    instance.sendCommand('a');
    instance.move('failed', 'it broke');
    await instance.start();
    const second = instance.sendCommand('b');
    await expect(second.cancel()).resolves.toMatchObject({ status: 'cancelled', durationMs: 0 });
    unwinding.resolve();
    await settle();
    expect(instance.calls).toEqual(['start', 'run a', 'start']);
  });
});

describe('Command.ask', () => {
  async function answerOf(policy: PermissionPolicy | undefined, instancePolicy?: PermissionPolicy) {
    const instance = new ScriptedInstance(
      {
        async *run(command) {
          yield `${JSON.stringify(await command.ask(question))}`;
          return completed;
        },
      },
      { permission: instancePolicy },
    );
    const stream = instance.sendCommand('x', { permission: policy });
    const events = await collect(stream.events());
    return {
      types: events.map(({ type }) => type),
      answer: events.flatMap((event) => (event.type === 'text' ? [JSON.parse(event.text)] : []))[0],
      resolved: events.find((event) => event.type === 'permission_resolved'),
    };
  }

  test('puts the question and its answer into the events', async () => {
    const { types, resolved } = await answerOf('allow');
    expect(types).toEqual(['permission_request', 'permission_resolved', 'text', 'end']);
    expect(resolved).toMatchObject({ requestId: 'q1', optionId: 'yes', by: 'policy' });
  });

  test.each([
    ['nothing said', undefined, undefined, 'reject_once', 'no', 'policy'],
    ['deny', 'deny', undefined, 'reject_once', 'no', 'policy'],
    ['allow', 'allow', undefined, 'allow_once', 'yes', 'policy'],
    ['the policy of the instance', undefined, 'allow', 'allow_once', 'yes', 'policy'],
    ['the policy of the command wins', 'deny', 'allow', 'reject_once', 'no', 'policy'],
    ['a handler', () => 'allow_always', undefined, 'allow_always', 'ever', 'handler'],
    [
      'a handler with an option',
      async () => ({ optionId: 'ever' }),
      undefined,
      { optionId: 'ever' },
      'ever',
      'handler',
    ],
    ['a handler that gives up', () => 'cancelled', undefined, 'cancelled', undefined, 'cancelled'],
    ['a handler that throws', () => Promise.reject(new Error('no terminal')), undefined, 'reject_once', 'no', 'policy'],
    ['an answer that was not offered', () => ({ optionId: 'sudo' }), undefined, 'reject_once', 'no', 'policy'],
    ['a kind that was not offered', () => 'reject_always', undefined, 'reject_once', 'no', 'policy'],
    ['an answer that is none', () => undefined as never, undefined, 'reject_once', 'no', 'policy'],
  ] as readonly (readonly [
    string,
    PermissionPolicy | undefined,
    PermissionPolicy | undefined,
    unknown,
    unknown,
    string,
  ])[])('%s', async (_, policy, instancePolicy, answer, optionId, by) => {
    const given = await answerOf(policy, instancePolicy);
    expect(given.answer).toEqual(answer);
    expect(given.resolved).toMatchObject({ by, ...(optionId !== undefined && { optionId }) });
  });

  test('the handler is told of which command, and getInfo that it waits', async () => {
    const asked = deferred<string>();
    const answer = deferred<'allow_once'>();
    const instance = new ScriptedInstance({
      async *run(command) {
        yield String(await command.ask(question));
        return completed;
      },
    });
    const stream = instance.sendCommand('x', {
      id: 'c1',
      permission: (_, { commandId }) => {
        asked.resolve(commandId);
        return answer.promise;
      },
    });
    expect(await asked.promise).toBe('c1');
    expect((await instance.getInfo()).command).toMatchObject({ id: 'c1', waitingFor: 'permission' });
    answer.resolve('allow_once');
    expect(await collect(stream)).toEqual(['allow_once']);
  });

  test('a handler that outlives the command is cancelled, and its signal aborts', async () => {
    const asked = deferred<AbortSignal>();
    const answered = deferred<unknown>();
    const interrupted = deferred();
    const instance = new ScriptedInstance({
      async *run(command) {
        void command.ask(question).then(answered.resolve);
        yield 'x';
        await interrupted.promise;
        return { success: false, completedBy: 'program' };
      },
      interrupt: async () => interrupted.resolve(),
    });
    const stream = instance.sendCommand('x', {
      permission: (_, { signal }) => {
        asked.resolve(signal);
        return new Promise(() => {});
      },
    });
    const signal = await asked.promise;
    await stream.cancel();
    expect(await answered.promise).toBe('cancelled');
    expect(signal.aborted).toBe(true);
  });
});

/** Lets everything that can go on without time go on. */
async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
