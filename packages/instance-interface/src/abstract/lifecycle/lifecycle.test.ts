import { describe, expect, test, vi } from 'vitest';
import { InstanceError, type InstanceState, type StateChange } from '../../index.ts';
import { able, collect, deferred, hanging, ScriptedInstance } from '../../testing/scripted.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });

/** An instance in the state, and what lets a hanging start or stop end. */
async function inState(state: InstanceState): Promise<{ instance: ScriptedInstance; release: () => void }> {
  const gate = deferred();
  const instance = new ScriptedInstance({
    start: () => (state === 'starting' ? gate.promise : Promise.resolve()),
    stop: () => (state === 'stopping' ? gate.promise : Promise.resolve()),
  });
  if (state === 'starting') instance.start().catch(() => {});
  else if (state !== 'stopped') await instance.start();
  if (state === 'stopping') void instance.stop();
  if (state === 'unreachable') instance.move('unreachable', 'the network is gone');
  if (state === 'failed') instance.move('failed', 'it broke', new InstanceError('CCB_AGENT_LOST', 'it broke'));
  if (state === 'closed') await instance.detach();
  expect(instance.state).toBe(state);
  return { instance, release: gate.resolve };
}

async function outcome(work: Promise<unknown>): Promise<unknown> {
  try {
    return (await work) ?? 'done';
  } catch (error) {
    return (error as InstanceError).code;
  }
}

describe('every method in every state', () => {
  const states = ['stopped', 'starting', 'running', 'unreachable', 'stopping', 'failed', 'closed'] as const;
  type Row = readonly [method: string, call: (instance: ScriptedInstance) => Promise<unknown>, outcomes: unknown[]];
  const rows: readonly Row[] = [
    [
      'start',
      (i) => i.start().then(() => i.state),
      ['running', 'running', 'running', 'running', 'running', 'running', 'CCB_CLOSED'],
    ],
    [
      'stop',
      (i) => i.stop().then(() => i.state),
      ['stopped', 'stopped', 'stopped', 'stopped', 'stopped', 'stopped', 'CCB_CLOSED'],
    ],
    [
      'sendCommand',
      (i) => i.sendCommandAndWait('x').then((r) => r.output),
      ['x', 'x', 'x', 'x', 'CCB_STOPPED', 'x', 'CCB_CLOSED'],
    ],
    [
      'resumeCommand',
      (i) => i.resumeCommand('none').result,
      [
        'CCB_NOT_FOUND',
        'CCB_NOT_FOUND',
        'CCB_NOT_FOUND',
        'CCB_NOT_FOUND',
        'CCB_STOPPED',
        'CCB_NOT_FOUND',
        'CCB_CLOSED',
      ],
    ],
    ['interrupt', (i) => i.interrupt(), [false, false, false, false, false, false, 'CCB_CLOSED']],
    ['isRunning', (i) => i.isRunning(), [false, false, true, true, false, false, false]],
    ['getInfo', (i) => i.getInfo().then((info) => info.state), [...states]],
    [
      'history',
      (i) => collect(i.history()),
      [
        'CCB_NOT_SUPPORTED',
        'CCB_NOT_SUPPORTED',
        'CCB_NOT_SUPPORTED',
        'CCB_NOT_SUPPORTED',
        'CCB_NOT_SUPPORTED',
        'CCB_NOT_SUPPORTED',
        'CCB_CLOSED',
      ],
    ],
    [
      'detach',
      (i) => i.detach().then(() => i.state),
      ['closed', 'closed', 'closed', 'closed', 'closed', 'closed', 'closed'],
    ],
    [
      'cleanup',
      (i) => i.cleanup().then(() => i.state),
      ['closed', 'closed', 'closed', 'closed', 'closed', 'closed', 'CCB_CLOSED'],
    ],
    [
      'await using',
      (i) => i[Symbol.asyncDispose]().then(() => i.state),
      ['closed', 'closed', 'closed', 'closed', 'closed', 'closed', 'closed'],
    ],
  ];
  const cases = rows.flatMap(([method, call, outcomes]) =>
    states.map((state, index) => ({ method, state, call, expected: outcomes[index] })),
  );

  test.each(cases)('$method when $state: $expected', async ({ state, call, expected }) => {
    const { instance, release } = await inState(state);
    const result = outcome(call(instance));
    release();
    expect(await result).toBe(expected);
    if (instance.state !== 'closed') await instance.cleanup();
  });
});

describe('start', () => {
  test('concurrent callers and commands share one start', async () => {
    const gate = deferred();
    const instance = new ScriptedInstance({ start: () => gate.promise });
    const starts = [instance.start(), instance.start()];
    const answer = instance.sendCommandAndWait('x');
    gate.resolve();
    await Promise.all(starts);
    await expect(answer).resolves.toMatchObject({ output: 'x' });
    expect(instance.calls).toEqual(['start', 'run x']);
    await instance.start();
    expect(instance.calls.filter((call) => call === 'start')).toHaveLength(1);
  });

  test('a signal ends the wait of its caller; the start goes on for the other', async () => {
    const gate = deferred();
    const instance = new ScriptedInstance({ start: () => gate.promise });
    const controller = new AbortController();
    const impatient = instance.start({ signal: controller.signal });
    const patient = instance.start();
    controller.abort(new Error('enough'));
    await expect(impatient).rejects.toThrow('enough');
    expect(instance.state).toBe('starting');
    gate.resolve();
    await patient;
    expect(instance.state).toBe('running');
  });

  test('the last caller who leaves gives the start up, and a new one works', async () => {
    const seen: AbortSignal[] = [];
    const instance = new ScriptedInstance({
      start: ({ signal }) => {
        seen.push(signal);
        return seen.length === 1 ? new Promise(() => {}) : Promise.resolve();
      },
    });
    await expect(instance.start({ timeoutMs: 5 })).rejects.toEqual(code('CCB_TIMEOUT'));
    await vi.waitFor(() => expect(instance.state).toBe('failed'));
    expect(seen[0]?.aborted).toBe(true);
    await instance.start();
    expect(instance.state).toBe('running');
  });

  test('a signal that has aborted already starts nothing', async () => {
    const instance = new ScriptedInstance();
    await expect(instance.start({ signal: AbortSignal.abort(new Error('no')) })).rejects.toThrow('no');
    expect(instance.calls).toEqual([]);
  });

  test('that fails makes it failed, fails what waited with the same error, and may be tried again', async () => {
    let attempts = 0;
    const broken = new InstanceError('CCB_PROGRAM_NOT_FOUND', 'there is no claude: install it');
    const instance = new ScriptedInstance({
      start: async () => {
        if (++attempts === 1) throw broken;
      },
    });
    const first = instance.sendCommand('a');
    const second = instance.sendCommand('b');
    await expect(instance.start()).rejects.toBe(broken);
    await expect(first.result).rejects.toBe(broken);
    await expect(second.result).rejects.toBe(broken);
    expect(instance.state).toBe('failed');
    expect((await instance.getInfo()).problem).toBe('there is no claude: install it');
    await expect(instance.sendCommandAndWait('c')).resolves.toMatchObject({ output: 'c' });
    expect((await instance.getInfo()).problem).toBeUndefined();
  });

  test('a foreign error is translated, with its cause', async () => {
    const cause = new Error('ENOENT');
    const instance = new ScriptedInstance({ start: () => Promise.reject(cause) });
    await expect(instance.start()).rejects.toMatchObject({
      code: 'CCB_BACKEND_UNREACHABLE',
      cause,
      message: 'scripted: it could not be started: ENOENT',
      instance: 'scripted',
    });
  });

  test('during a stop waits for its end', async () => {
    const gate = deferred();
    const instance = new ScriptedInstance({ stop: () => gate.promise });
    await instance.start();
    const stop = instance.stop();
    const start = instance.start();
    const answer = instance.sendCommandAndWait('x');
    expect(instance.state).toBe('stopping');
    gate.resolve();
    await stop;
    await start;
    expect((await answer).output).toBe('x');
    expect(instance.calls).toEqual(['start', 'stop 5000', 'start', 'run x']);
  });

  test('during a stop is undone by a later stop', async () => {
    const gate = deferred();
    const instance = new ScriptedInstance({ stop: () => gate.promise });
    await instance.start();
    const stops = [instance.stop()];
    const start = instance.start();
    stops.push(instance.stop());
    gate.resolve();
    await expect(start).rejects.toEqual(code('CCB_STOPPED'));
    await Promise.all(stops);
    expect(instance.state).toBe('stopped');
    expect(instance.calls).toEqual(['start', 'stop 5000']);
  });
});

describe('stop', () => {
  test('is shared, and ends every command with CCB_STOPPED', async () => {
    const instance = new ScriptedInstance(hanging('so far'));
    await instance.start();
    const running = instance.sendCommand('a');
    const queued = instance.sendCommand('b');
    const reader = running[Symbol.asyncIterator]();
    await expect(reader.next()).resolves.toEqual({ done: false, value: 'so far' });
    await Promise.all([instance.stop({ graceMs: 10 }), instance.stop()]);
    await expect(running.result).rejects.toEqual(code('CCB_STOPPED'));
    await expect(reader.next()).rejects.toEqual(code('CCB_STOPPED'));
    await expect(reader.next()).resolves.toEqual({ done: true, value: undefined });
    await expect(queued.result).rejects.toEqual(code('CCB_STOPPED'));
    expect(instance.calls).toEqual(['start', 'run a', 'stop 10']);
    expect(instance.state).toBe('stopped');
  });

  test('gives the program its grace before the command is given up', async () => {
    const order: string[] = [];
    const gone = deferred();
    const instance = new ScriptedInstance({
      async *run({ signal }) {
        signal.addEventListener('abort', () => order.push('given up'));
        yield 'x';
        await gone.promise;
        return { success: false, completedBy: 'exit' };
      },
      async stop() {
        order.push('stopping');
        await Promise.resolve();
        order.push('stopped');
        gone.resolve();
      },
    });
    await instance.sendCommand('a').text()[Symbol.asyncIterator]().next();
    await instance.stop();
    expect(order.slice(0, 2)).toEqual(['stopping', 'stopped']);
  });

  test('during a start gives the start up', async () => {
    let given: unknown;
    const instance = new ScriptedInstance({
      start: ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => {
            given = signal.reason;
            reject(signal.reason);
          });
        }),
    });
    const start = instance.start();
    const answer = instance.sendCommand('x');
    await instance.stop();
    await expect(start).rejects.toEqual(code('CCB_STOPPED'));
    await expect(answer.result).rejects.toEqual(code('CCB_STOPPED'));
    expect(given).toEqual(code('CCB_STOPPED'));
    expect(instance.state).toBe('stopped');
  });

  test('that fails leaves it failed, says why, and may be tried again', async () => {
    let attempts = 0;
    const instance = new ScriptedInstance({
      stop: async () => {
        if (++attempts === 1) throw new Error('EPERM');
      },
    });
    await instance.start();
    await expect(instance.stop()).rejects.toMatchObject({ code: 'CCB_BACKEND_UNREACHABLE' });
    expect(instance.state).toBe('failed');
    await instance.stop();
    expect(instance.state).toBe('stopped');
  });

  test('goes on when its caller has left', async () => {
    const gate = deferred();
    const instance = new ScriptedInstance({ stop: () => gate.promise });
    await instance.start();
    await expect(instance.stop({ timeoutMs: 5 })).rejects.toEqual(code('CCB_TIMEOUT'));
    expect(instance.state).toBe('stopping');
    gate.resolve();
    await instance.stop();
    expect(instance.state).toBe('stopped');
  });

  test('start and stop may be repeated', async () => {
    const instance = new ScriptedInstance();
    for (let round = 0; round < 3; round++) {
      await expect(instance.sendCommandAndWait(`r${round}`)).resolves.toMatchObject({ success: true });
      await instance.stop();
    }
    expect(instance.calls.filter((call) => call === 'start')).toHaveLength(3);
  });
});

describe('a call that hangs in the backend ends by its deadline', () => {
  const forever = (): Promise<never> => new Promise(() => {});

  test('start after 60 s, stop after 10 s and its grace, detach after 5 s', async () => {
    vi.useFakeTimers();
    try {
      const instance = new ScriptedInstance({ start: forever, stop: forever, detach: forever });
      const start = outcome(instance.start());
      await vi.advanceTimersByTimeAsync(59_990);
      expect(instance.state).toBe('starting');
      await vi.advanceTimersByTimeAsync(20);
      expect(await start).toBe('CCB_TIMEOUT');
      expect(instance.state).toBe('failed');

      const stop = outcome(instance.stop({ graceMs: 1000 }));
      await vi.advanceTimersByTimeAsync(11_010);
      expect(await stop).toBe('CCB_TIMEOUT');

      const detach = outcome(instance.detach());
      await vi.advanceTimersByTimeAsync(5_010);
      expect(await detach).toBe('CCB_TIMEOUT');
      await vi.advanceTimersByTimeAsync(60_000);
      expect(instance.state).toBe('closed');
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  test('cleanup of a stopped one after 5 s, of a running one after its stop had its time', async () => {
    vi.useFakeTimers();
    try {
      const stopped = new ScriptedInstance({ cleanup: forever });
      const first = outcome(stopped.cleanup());
      await vi.advanceTimersByTimeAsync(5_010);
      expect(await first).toBe('CCB_TIMEOUT');

      const running = new ScriptedInstance({ stop: forever });
      await running.start();
      const second = outcome(running.cleanup());
      await vi.advanceTimersByTimeAsync(15_010);
      expect(await second).toBe('done');
      expect(running.calls).toEqual(['start', 'stop 5000', 'cleanup true']);
      await vi.advanceTimersByTimeAsync(60_000);
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('detach', () => {
  test('lets go at once: unsettled results reject CCB_CLOSED, the signal of the command aborts', async () => {
    const instance = new ScriptedInstance(hanging('so far'));
    await instance.start();
    const running = instance.sendCommand('a');
    const queued = instance.sendCommand('b');
    await Promise.all([instance.detach(), instance.detach()]);
    await expect(running.result).rejects.toEqual(code('CCB_CLOSED'));
    await expect(queued.result).rejects.toEqual(code('CCB_CLOSED'));
    await expect(collect(running)).rejects.toEqual(code('CCB_CLOSED'));
    expect(instance.calls).toEqual(['start', 'run a', 'detach']);
    await instance.detach();
    await expect(instance.cleanup()).rejects.toEqual(code('CCB_CLOSED'));
  });

  test('is CCB_NOT_SUPPORTED where the instance cannot live on, and changes nothing', async () => {
    const instance = new ScriptedInstance({}, { capabilities: { ...able, detach: false } });
    await expect(instance.detach()).rejects.toEqual(code('CCB_NOT_SUPPORTED'));
    expect(instance.state).toBe('stopped');
    await instance.cleanup();
    await instance.detach();
  });
});

describe('cleanup', () => {
  test('stops what runs, then cleans up, once for all callers', async () => {
    const instance = new ScriptedInstance(hanging('so far'));
    const running = instance.sendCommand('a');
    await instance.start();
    await Promise.all([instance.cleanup(), instance.cleanup({ remove: false })]);
    await instance.cleanup();
    expect(instance.calls).toEqual(['start', 'run a', 'stop 5000', 'cleanup true']);
    await expect(running.result).rejects.toEqual(code('CCB_CLOSED'));
  });

  test.each([
    [true, undefined, true],
    [false, undefined, false],
    [true, false, false],
    [false, true, true],
  ])('created: %s, remove: %s removes: %s', async (created, remove, removes) => {
    const instance = new ScriptedInstance({}, { created });
    await instance.cleanup({ remove });
    expect(instance.calls).toEqual([`cleanup ${removes}`]);
  });

  test('goes on although the stop fails, and says so in the log', async () => {
    const events: string[] = [];
    const instance = new ScriptedInstance(
      { stop: () => Promise.reject(new Error('EPERM')) },
      { log: ({ event }) => events.push(event) },
    );
    await instance.start();
    await instance.cleanup();
    expect(instance.calls).toEqual(['start', 'stop 5000', 'cleanup true']);
    expect(events).toEqual(['instance.stop_failed']);
  });

  test('that fails leaves it failed and can be called again', async () => {
    let attempts = 0;
    const instance = new ScriptedInstance({
      cleanup: async () => {
        if (++attempts === 1) throw new InstanceError('CCB_BACKEND_UNREACHABLE', 'no engine');
      },
    });
    await expect(instance.cleanup()).rejects.toThrow('no engine');
    expect(instance.state).toBe('failed');
    await instance.cleanup();
    expect(instance.state).toBe('closed');
  });
});

describe('await using', () => {
  test.each([
    ['created', { created: true }, ['cleanup true']],
    ['opened', { created: false }, ['detach']],
    ['opened, and bound to its handle', { created: false, capabilities: {} }, ['cleanup false']],
    ['observing', { created: false, capabilities: {}, mode: 'observe' as const }, ['detach']],
  ])('%s', async (_, options, calls) => {
    const instance = new ScriptedInstance({}, options);
    await instance[Symbol.asyncDispose]();
    await instance[Symbol.asyncDispose]();
    expect(instance.calls).toEqual(calls);
    expect(instance.state).toBe('closed');
  });

  test('does nothing after an explicit detach', async () => {
    const instance = new ScriptedInstance();
    await instance.detach();
    await instance[Symbol.asyncDispose]();
    expect(instance.calls).toEqual(['detach']);
  });
});

describe('state changes', () => {
  test('are told in order, with reason, time and error', async () => {
    const instance = new ScriptedInstance();
    const changes: StateChange[] = [];
    instance.onStateChange((change) => changes.push(change));
    await instance.start();
    const error = new InstanceError('CCB_AGENT_LOST', 'it died');
    instance.move('failed', 'the agent died', error);
    await instance.start();
    await instance.stop();
    await instance.cleanup();
    expect(changes.map(({ from, to }) => `${from} > ${to}`)).toEqual([
      'stopped > starting',
      'starting > running',
      'running > failed',
      'failed > starting',
      'starting > running',
      'running > stopping',
      'stopping > stopped',
      'stopped > closed',
    ]);
    expect(changes[2]).toMatchObject({ reason: 'the agent died', error });
    expect(new Date(changes[0]?.at ?? '').toISOString()).toBe(changes[0]?.at);
  });

  test('a move that a listener causes is told after the one that it was told of, to everybody', async () => {
    const instance = new ScriptedInstance();
    const told: string[] = [];
    instance.onStateChange(({ to }) => {
      told.push(`first ${to}`);
      if (to === 'running') instance.move('unreachable', 'test');
    });
    instance.onStateChange(({ to }) => told.push(`second ${to}`));
    await instance.start();
    expect(told).toEqual([
      'first starting',
      'second starting',
      'first running',
      'second running',
      'first unreachable',
      'second unreachable',
    ]);
  });

  test('what a listener throws goes to the log, and what the log throws goes nowhere', async () => {
    const events: string[] = [];
    const instance = new ScriptedInstance(
      {},
      {
        log: ({ event, instance }) => {
          events.push(`${event} of ${instance}`);
          throw new Error('the disk is full');
        },
      },
    );
    const undo = instance.onStateChange(() => {
      throw new Error('oops');
    });
    await instance.start();
    undo();
    await instance.stop();
    expect(events).toEqual(['listener.failed of scripted', 'listener.failed of scripted']);
  });
});

describe('what the backend says', () => {
  test('failed ends every command with its error', async () => {
    const instance = new ScriptedInstance(hanging('so far'));
    await instance.start();
    const answers = [instance.sendCommand('a'), instance.sendCommand('b')];
    const error = new InstanceError('CCB_BACKEND_UNREACHABLE', 'the engine went away');
    instance.move('failed', 'the engine went away', error);
    for (const answer of answers) await expect(answer.result).rejects.toBe(error);
    expect(instance.calls).toEqual(['start', 'run a']);
  });

  test('stopped ends every command with CCB_STOPPED; the next one starts it', async () => {
    const script = hanging('so far');
    const instance = new ScriptedInstance(script);
    await instance.start();
    const answer = instance.sendCommand('a');
    instance.move('stopped', 'somebody else stopped it');
    await expect(answer.result).rejects.toEqual(code('CCB_STOPPED'));
    const next = instance.sendCommand('b');
    script.release();
    await expect(next.result).resolves.toMatchObject({ success: true });
  });

  test('unreachable lets the running command wait, and running lets it go on', async () => {
    const script = hanging('so far');
    const instance = new ScriptedInstance(script);
    await instance.start();
    const answer = instance.sendCommand('a');
    instance.move('unreachable', 'the network is gone');
    instance.move('running', 'it is back');
    script.release();
    await expect(answer.result).resolves.toMatchObject({ success: true });
  });

  test('a failure during the start is the failure of the start', async () => {
    const instance = new ScriptedInstance({ start: () => new Promise(() => {}) });
    const start = instance.start();
    const error = new InstanceError('CCB_PROGRAM_EXITED', 'it exited at once');
    instance.move('running', 'ignored: the start decides');
    expect(instance.state).toBe('starting');
    instance.move('failed', 'it exited at once', error);
    expect(instance.state).toBe('failed');
    await expect(start).rejects.toBe(error);
  });

  test('nothing that it says counts on a closed handle', async () => {
    const instance = new ScriptedInstance();
    await instance.detach();
    instance.move('running', 'late');
    expect(instance.state).toBe('closed');
  });
});

describe('an observer', () => {
  test('neither sends nor starts nor cleans up, but looks, stops and lets go', async () => {
    const instance = new ScriptedInstance({}, { mode: 'observe', created: false });
    instance.move('running', 'its holder runs it');
    const locked = code('CCB_LOCKED');
    await expect(instance.sendCommand('x').result).rejects.toEqual(locked);
    await expect(collect(instance.sendCommand('x'))).rejects.toEqual(locked);
    await expect(instance.resumeCommand('x').result).rejects.toEqual(locked);
    await expect(instance.start()).rejects.toEqual(locked);
    await expect(instance.cleanup()).rejects.toEqual(locked);
    await expect(instance.isRunning()).resolves.toBe(true);
    await expect(instance.interrupt()).resolves.toBe(false);
    await instance.stop();
    await instance.detach();
    expect(instance.calls).toEqual(['probe', 'stop 5000', 'detach']);
  });
});
