import assert from 'node:assert/strict';
import { InstanceError, type InstanceInterface, type StateChange } from '@ccb/instance-interface';
import type { Bench, Group } from '../bench.ts';
import { assertAnswers } from '../scene/answering.ts';
import { hang } from '../scene/hanging.ts';
import { collect, joined } from '../scene/reading.ts';
import { failureCode, refusal } from '../scene/refusal.ts';

/** What each fault makes of the command that runs. */
const lost = { killProgram: 'CCB_PROGRAM_EXITED', killAgent: 'CCB_AGENT_LOST' } as const;

export const crashAndRestart: Group = {
  name: 'crash and restart',
  define(cases) {
    cases.test('a command that fails is no crash: the same program goes on', async ({ borrow, commands }) => {
      const instance = await borrow();
      const { program } = await instance.getInfo();
      const changes: StateChange[] = [];
      instance.onStateChange((change) => changes.push(change));
      assert.equal((await instance.sendCommandAndWait(commands.fail(3))).status, 'failed');
      await assertAnswers(instance, commands, 'after');
      assert.deepEqual(changes, []);
      assert.deepEqual((await instance.getInfo()).program, program);
    });

    for (const fault of ['killProgram', 'killAgent'] as const) {
      whereFault(fault, `${fault} while nothing runs: the next command works`, async (instance, kill, { commands }) => {
        await assertAnswers(instance, commands, 'before');
        await kill();
        await assertAnswers(instance, commands, 'after');
        assert.equal(instance.state, 'running');
        assert.equal(await instance.isRunning(), true);
      });

      whereFault(
        fault,
        `${fault} under a command: it fails as ${lost[fault]}, is never run again, and what waits is answered`,
        async (instance, kill, { commands }) => {
          const { stream, reader } = await hang(instance, commands);
          const waiting = instance.sendCommandAndWait(commands.echo('waited'));
          await kill();
          const result = await stream.result;
          assert.equal(result.success, false);
          assert.equal(result.status, 'failed');
          assert.equal(result.error?.code, lost[fault], result.error?.message);
          assert.deepEqual(await reader.next(), { done: true, value: undefined }, 'it said no more');
          assert.equal((await waiting).output, 'waited');
          assert.equal((await waiting).success, true);
          // It would hang, were it run again.
          const again = instance.sendCommand(commands.hang(), { id: stream.id });
          assert.equal(await joined(again), 'begun\n');
          assert.deepEqual(await again.result, result);
          await assertAnswers(instance, commands, 'after');
        },
      );
    }

    whereFault(
      'killAgent',
      'an agent that dies and comes back is seen in the states',
      async (instance, kill, bench) => {
        const changes: StateChange[] = [];
        const { stream } = await hang(instance, bench.commands);
        instance.onStateChange((change) => changes.push(change));
        await kill();
        assert.equal(await failureCode(stream.result), 'CCB_AGENT_LOST');
        await assertAnswers(instance, bench.commands, 'after');
        assert.equal(changes[0]?.from, 'running', JSON.stringify(changes));
        assert.equal(changes.at(-1)?.to, 'running', JSON.stringify(changes));
        for (const [index, { from }] of changes.entries()) {
          if (index > 0) assert.equal(from, changes[index - 1]?.to, JSON.stringify(changes));
        }
      },
    );

    whereFault(
      'killAgent',
      'history tells of a command that died with its agent once',
      async (instance, kill, bench) => {
        const { commands } = bench;
        if (!instance.capabilities.history) {
          await refusal(collect(instance.history()), 'CCB_NOT_SUPPORTED');
          return;
        }
        const { stream } = await hang(instance, commands);
        await kill();
        const result = await stream.result;
        await instance.sendCommand(commands.hang(), { id: stream.id }).result;
        const entries = (await collect(instance.history())).filter(({ commandId }) => commandId === stream.id);
        assert.equal(entries.filter(({ type }) => type === 'command').length, 1, 'it began once');
        const ends = entries.flatMap((entry) => (entry.type === 'end' ? [entry.result] : []));
        assert.deepEqual(ends, [result]);
      },
    );

    cases.testIf(
      ({ commands, faults }) => commands.recall !== null && faults.killProgram !== null,
      'a program that remembers still does when it was killed, each command once',
      async ({ create, commands, faults }) => {
        assert.ok(commands.recall && faults.killProgram);
        const instance = await create();
        await assertAnswers(instance, commands, 'to be remembered');
        // A program may write down a little later what was said last.
        for (const text of ['then this', 'and this', 'and that']) await assertAnswers(instance, commands, text);
        const { stream } = await hang(instance, commands);
        await faults.killProgram(instance);
        await stream.result;
        const said = (await instance.sendCommandAndWait(commands.recall())).output.split('\n');
        const times = (text: string): number => said.filter((line) => line === text).length;
        assert.equal(times(commands.echo('to be remembered')), 1, said.join('\n'));
        assert.ok(times(commands.hang()) <= 1, said.join('\n'));
      },
    );

    whereFault(
      'killBackend',
      'a command whose backend dies ends by its deadline, and is no success',
      async (instance, kill, bench) => {
        const { stream } = await hang(instance, bench.commands);
        await kill();
        const code = await failureCode(stream.result);
        assert.ok(['CCB_BACKEND_UNREACHABLE', 'CCB_AGENT_LOST', 'CCB_PROGRAM_EXITED'].includes(code), code);
        const running = await instance.isRunning();
        assert.ok(!running || !['stopped', 'failed'].includes(instance.state), `running, and yet ${instance.state}`);
        assert.equal((await instance.getInfo()).name, instance.name);
      },
    );

    whereFault(
      'killBackend',
      'where the backend died a start brings it back, or says what is wrong',
      async (instance, kill, bench) => {
        await assertAnswers(instance, bench.commands, 'before');
        await kill();
        try {
          await instance.start({ timeoutMs: 20_000 });
        } catch (error) {
          await refusal(Promise.reject(error), 'CCB_BACKEND_UNREACHABLE', 'CCB_NOT_FOUND', 'CCB_TIMEOUT');
          assert.equal(await instance.isRunning(), false);
          return;
        }
        await assertAnswers(instance, bench.commands, 'after');
      },
    );

    whereFrozen(
      'a frozen instance is not running by the deadline, says why, and goes on when it is thawed',
      async (instance, freeze, bench) => {
        await assertAnswers(instance, bench.commands, 'before');
        const thaw = await freeze();
        const began = performance.now();
        assert.equal(await instance.isRunning({ timeoutMs: 300 }), false);
        const { problem } = await instance.getInfo({ timeoutMs: 300 });
        assert.ok(performance.now() - began < 5_000, 'both end by their own deadline');
        assert.ok(problem !== undefined && problem !== '', 'getInfo().problem says why');
        await thaw();
        assert.equal(await instance.isRunning(), true);
        await assertAnswers(instance, bench.commands, 'after');
        assert.equal((await instance.getInfo()).problem, undefined);
      },
    );

    whereFrozen(
      'the deadlines of commands and calls hold while it is frozen; nothing of them is left when it is thawed',
      async (instance, freeze, bench) => {
        const { commands } = bench;
        await assertAnswers(instance, commands, 'before');
        const thaw = await freeze();
        const late = instance.sendCommand(commands.echo('never'), { timeoutMs: 300 });
        if (instance.capabilities.interrupt) {
          // True only where the program had not been given the command yet.
          const given = await instance.interrupt({ timeoutMs: 300 }).then((ended) => !ended, isLate);
          assert.ok(given || (await late.result).status === 'cancelled');
        }
        const result = await late.result;
        // Who gave the interrupt up may have asked for it all the same.
        const asked = instance.capabilities.interrupt && result.status === 'cancelled';
        assert.deepEqual(
          [result.status, result.error?.code],
          asked ? ['cancelled', 'CCB_CANCELLED'] : ['timeout', 'CCB_TIMEOUT'],
        );
        await thaw();
        await assertAnswers(instance, commands, 'after');
      },
    );

    whereFrozen('a command that runs while it is frozen goes on when it is thawed', async (instance, freeze, bench) => {
      const { stream, reader } = await hang(instance, bench.commands);
      const thaw = await freeze();
      assert.equal(await instance.isRunning({ timeoutMs: 300 }), false);
      await thaw();
      assert.equal(await instance.isRunning(), true);
      assert.equal((await instance.getInfo()).command?.id, stream.id);
      assert.equal((await stream.cancel()).status, 'cancelled');
      assert.equal((await reader.next()).done, true);
      await assertAnswers(instance, bench.commands, 'after');
    });

    whereFrozen('a frozen instance can be stopped, and cleaned up', async (instance, freeze) => {
      await instance.start();
      await freeze();
      await instance.stop({ graceMs: 0 });
      assert.equal(instance.state, 'stopped');
      await instance.cleanup({ remove: true });
      assert.equal(instance.state, 'closed');
    });

    function whereFault(
      fault: 'killProgram' | 'killAgent' | 'killBackend',
      name: string,
      body: (instance: InstanceInterface, kill: () => Promise<void>, bench: Bench) => Promise<void>,
    ): void {
      cases.testIf(
        ({ faults }) => faults[fault] !== null,
        name,
        async (bench) => {
          const instance = await bench.create();
          await body(instance, async () => bench.faults[fault]?.(instance), bench);
        },
      );
    }

    function whereFrozen(
      name: string,
      body: (instance: InstanceInterface, freeze: () => Promise<() => Promise<void>>, bench: Bench) => Promise<void>,
    ): void {
      cases.testIf(
        ({ faults }) => faults.freeze !== null,
        name,
        async (bench) => {
          const { freeze } = bench.faults;
          assert.ok(freeze);
          const instance = await bench.create();
          await using frozen = new Frozen();
          await body(instance, async () => frozen.hold(await freeze(instance)), bench);
        },
      );
    }
  },
};

/** Thawed after the test, whether it passed or not: nothing could be tidied otherwise. */
class Frozen implements AsyncDisposable {
  #thaw: (() => Promise<void>) | undefined;

  hold(frozen: { thaw(): Promise<void> }): () => Promise<void> {
    this.#thaw = () => frozen.thaw();
    return () => this[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const thaw = this.#thaw;
    this.#thaw = undefined;
    await thaw?.();
  }
}

function isLate(error: unknown): true {
  assert.ok(InstanceError.is(error, 'CCB_TIMEOUT'), String(error));
  return true;
}
