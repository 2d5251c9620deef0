import assert from 'node:assert/strict';
import {
  InstanceError,
  type InstanceInterface,
  type InstanceState,
  parseRecord,
  type StateChange,
} from '@ccb/instance-interface';
import type { Bench, Group } from '../bench.ts';
import { assertAnswers } from '../scene/answering.ts';
import { calls } from '../scene/calls.ts';
import { hang } from '../scene/hanging.ts';
import { assertPlain } from '../scene/plain.ts';
import { refusal, streamRefusal } from '../scene/refusal.ts';

/** What may follow what. */
const moves: Readonly<Record<InstanceState, readonly InstanceState[]>> = {
  stopped: ['starting', 'running', 'unreachable', 'stopping', 'failed', 'closed'],
  starting: ['running', 'stopping', 'failed', 'closed'],
  running: ['unreachable', 'stopping', 'stopped', 'failed', 'closed'],
  unreachable: ['starting', 'running', 'stopping', 'stopped', 'failed', 'closed'],
  stopping: ['stopped', 'failed', 'closed'],
  failed: ['starting', 'running', 'unreachable', 'stopping', 'stopped', 'closed'],
  closed: [],
};

export const lifecycle: Group = {
  name: 'lifecycle in every state',
  define(cases) {
    cases.test(
      'every call does what it should while stopped, while running, and when closed by cleanup',
      async (bench) => {
        const instance = await bench.create();
        await assertCalls(instance, bench, 'stopped');
        await instance.start();
        await assertCalls(instance, bench, 'running');
        await instance.cleanup();
        await assertCalls(instance, bench, 'closed');
        await instance.cleanup();
        await instance[Symbol.asyncDispose]();
        assert.equal(instance.state, 'closed');
      },
    );

    cases.testWith(
      'detach',
      'every call on a detached handle is refused, and a second detach does nothing',
      async (bench) => {
        const instance = await bench.create();
        await instance.start();
        await Promise.all([instance.detach(), instance.detach()]);
        await assertCalls(instance, bench, 'closed');
        await refusal(instance.cleanup(), 'CCB_CLOSED');
        await instance.detach();
        await instance[Symbol.asyncDispose]();
        assert.equal(instance.state, 'closed');
      },
      async (bench) => {
        const instance = await bench.create();
        await refusal(instance.detach(), 'CCB_NOT_SUPPORTED');
        await assertAnswers(instance, bench.commands, 'still here');
      },
    );

    cases.test('concurrent callers share one start, and a start of what runs does nothing', async (bench) => {
      const instance = await bench.create();
      const states = statesOf(instance);
      await Promise.all([instance.start(), instance.start(), instance.start()]);
      await instance.start();
      assert.deepEqual(states, ['starting', 'running']);
    });

    cases.test('who gives up waiting for a start leaves it to the others', async (bench) => {
      const instance = await bench.create();
      const leaving = new AbortController();
      const left = instance.start({ signal: leaving.signal });
      const stayed = instance.start();
      const reason = new Error('no time');
      leaving.abort(reason);
      await assert.rejects(left, (error) => error === reason);
      await stayed;
      assert.equal(instance.state, 'running');
    });

    cases.test('a call whose signal has aborted rejects with its reason, and does nothing', async ({ create }) => {
      const instance = await create();
      const reason = new Error('never mind');
      const options = { signal: AbortSignal.abort(reason) };
      const isReason = (error: unknown): boolean => error === reason;
      await assert.rejects(instance.start(options), isReason);
      assert.equal(instance.state, 'stopped');
      await instance.start();
      await assert.rejects(instance.isRunning(options), isReason);
      await assert.rejects(instance.getInfo(options), isReason);
      await assert.rejects(instance.stop(options), isReason);
      await assert.rejects(instance.cleanup(options), isReason);
      if (instance.capabilities.interrupt) await assert.rejects(instance.interrupt(options), isReason);
      if (instance.capabilities.detach) await assert.rejects(instance.detach(options), isReason);
      assert.equal(instance.state, 'running');
    });

    cases.test('a command starts an instance that does not run', async (bench) => {
      const instance = await bench.create();
      assert.equal(instance.state, 'stopped');
      await assertAnswers(instance, bench.commands, 'started');
      assert.equal(instance.state, 'running');
    });

    cases.test(
      'a stop ends the running command and the queue with CCB_STOPPED, and the next command starts again',
      async (bench) => {
        const instance = await bench.create();
        const { stream, reader } = await hang(instance, bench.commands);
        const waiting = instance.sendCommand(bench.commands.echo('never'));
        const states = statesOf(instance);
        const stopping = Promise.all([instance.stop(), instance.stop()]);
        const error = await refusal(stream.result, 'CCB_STOPPED');
        await assert.rejects(
          reader.next(),
          (thrown) => thrown === error,
          'the reader throws what the result rejects with',
        );
        await streamRefusal(waiting, 'CCB_STOPPED');
        await stopping;
        await instance.stop();
        assert.deepEqual(states, ['stopping', 'stopped']);
        await assertAnswers(instance, bench.commands, 'again');
      },
    );

    cases.test(
      'state changes are told in order, at the moment of the move, and each is legal and has a reason',
      async (bench) => {
        const instance = await bench.create();
        const changes: (StateChange & { readonly seen: InstanceState })[] = [];
        let told = 0;
        instance.onStateChange(() => {
          throw new Error('thrown by a listener, on purpose');
        });
        const silence = instance.onStateChange(() => told++);
        instance.onStateChange((change) => changes.push({ ...change, seen: instance.state }));
        await instance.start();
        assert.equal(told, 2);
        silence();
        await instance.stop();
        await instance.cleanup();
        assert.equal(told, 2, 'who unsubscribed is told nothing');
        assert.deepEqual(
          changes.map(({ to }) => to),
          ['starting', 'running', 'stopping', 'stopped', 'closed'],
        );
        let state: InstanceState = 'stopped';
        for (const { from, to, seen, reason, at } of changes) {
          assert.deepEqual([from, seen], [state, to]);
          assert.ok(moves[from].includes(to), `${from} cannot become ${to}`);
          assert.notEqual(reason, '');
          assert.equal(new Date(at).toISOString(), at);
          state = to;
        }
      },
    );

    cases.test('isRunning is true while the program runs, a busy one too, and at no other time', async (bench) => {
      const instance = await bench.create();
      assert.equal(await instance.isRunning(), false);
      await hang(instance, bench.commands);
      assert.equal(await instance.isRunning(), true, 'a busy program is running');
      await instance.stop();
      assert.equal(await instance.isRunning(), false);
    });

    cases.test('getInfo tells the truth in each state', async (bench) => {
      const instance = await bench.create();
      const { name, type, createdAt } = instance.record;
      const always = async (state: InstanceState): ReturnType<InstanceInterface['getInfo']> => {
        const info = await instance.getInfo();
        assert.deepEqual([info.name, info.type, info.createdAt, info.state], [name, type, createdAt, state]);
        assert.notEqual(info.program.name, '');
        assertPlain(info);
        return info;
      };
      assert.equal((await always('stopped')).startedAt, undefined);
      const { stream } = await hang(instance, bench.commands);
      const busy = await always('running');
      assert.ok(Date.parse(busy.startedAt ?? '') > 0);
      assert.equal(busy.command?.id, stream.id);
      assert.ok(Date.parse(busy.command?.startedAt ?? '') > 0);
      await stream.cancel();
      assert.equal((await always('running')).command, undefined);
      await instance.stop();
      assert.equal((await always('stopped')).startedAt, undefined);
      await instance.cleanup();
      await always('closed');
    });

    cases.test(
      'a clean-up ends the running command and the queue with CCB_CLOSED, and callers share it',
      async (bench) => {
        const instance = await bench.create();
        const { stream } = await hang(instance, bench.commands);
        const waiting = instance.sendCommand(bench.commands.echo('never'));
        const cleaning = Promise.all([instance.cleanup(), instance.cleanup(), instance[Symbol.asyncDispose]()]);
        await refusal(stream.result, 'CCB_CLOSED');
        await refusal(waiting.result, 'CCB_CLOSED');
        await cleaning;
        assert.equal(instance.state, 'closed');
      },
    );

    cases.test('leaving the block of a created instance removes it', async (bench) => {
      const instance = await bench.create();
      await instance.start();
      await instance[Symbol.asyncDispose]();
      assert.equal(instance.state, 'closed');
      if (instance.capabilities.detach) await refusal(bench.reopen(instance.record), 'CCB_NOT_FOUND');
    });

    cases.testWith(
      'detach',
      'leaving the block of an opened instance lets go of it, and it lives on',
      async (bench) => {
        const instance = await bench.create();
        await instance.start();
        await instance.detach();
        const opened = await bench.reopen(instance.record);
        await opened[Symbol.asyncDispose]();
        assert.equal(opened.state, 'closed');
        const again = await bench.reopen(instance.record);
        assert.equal(again.state, 'running');
        assert.equal(await again.isRunning(), true);
      },
    );

    cases.testWith(
      'detach',
      'a clean-up with remove: false, and one by who only opened it, end the instance and keep it',
      async (bench) => {
        const instance = await bench.create();
        await instance.start();
        await instance.cleanup({ remove: false });
        const opened = await bench.reopen(instance.record);
        assert.equal(opened.state, 'stopped');
        await assertAnswers(opened, bench.commands, 'kept');
        await opened.cleanup();
        assert.equal((await bench.reopen(instance.record)).state, 'stopped');
      },
    );

    cases.test('the record is plain JSON, and survives being written and read', async (bench) => {
      const instance = await bench.create();
      const { record } = instance;
      const read: unknown = JSON.parse(JSON.stringify(record));
      assert.deepEqual(parseRecord(read), read);
      assert.deepEqual(parseRecord(record), record);
      assertPlain(record);
      assert.deepEqual([record.version, record.name, record.type], [1, instance.name, instance.type]);
      assert.equal(new Date(record.createdAt).toISOString(), record.createdAt);
    });
  },
};

/** Makes every call, and compares what comes of it with the table. */
async function assertCalls(
  instance: InstanceInterface,
  { commands }: Bench,
  state: 'stopped' | 'running' | 'closed',
): Promise<void> {
  assert.equal(instance.state, state);
  for (const { name, needs, make, ...expected } of calls) {
    if (!(state in expected)) continue;
    const able = needs === undefined || state === 'closed' || instance.capabilities[needs];
    const outcome = await outcomeOf(make(instance, commands));
    assert.deepEqual(outcome, able ? expected[state] : 'CCB_NOT_SUPPORTED', `${name} while ${state}`);
    assert.equal(instance.state, state, `after ${name}`);
  }
}

/** What it resolves with, or the code that it rejects with. */
async function outcomeOf(call: Promise<unknown>): Promise<unknown> {
  try {
    return await call;
  } catch (error) {
    if (InstanceError.is(error)) return error.code;
    throw error;
  }
}

function statesOf(instance: InstanceInterface): InstanceState[] {
  const states: InstanceState[] = [];
  instance.onStateChange(({ to }) => states.push(to));
  return states;
}
