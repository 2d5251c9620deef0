import assert from 'node:assert/strict';
import type { InstanceInterface } from '@ccb/instance-interface';
import type { Bench, Group } from '../bench.ts';
import { assertAnswers } from '../scene/answering.ts';
import { hang } from '../scene/hanging.ts';
import { refusal } from '../scene/refusal.ts';
import { growth, openResources } from '../scene/resources.ts';

const rounds = 20;
const fewRounds = 6;

export const leaks: Group = {
  name: 'leaks',
  define(cases) {
    cases.test('an instance that was started, used and cleaned up leaves nothing', async (bench) => {
      await leavesNothing(bench, async (instance) => {
        await instance.start();
        await assertAnswers(instance, bench.commands, 'used');
        await instance.cleanup({ remove: true });
        assert.equal(instance.state, 'closed');
      });
    });

    cases.test('cleanup of an instance that never started leaves nothing', async (bench) => {
      await leavesNothing(bench, async (instance) => {
        await instance.cleanup({ remove: true });
        assert.equal(instance.state, 'closed');
      });
    });

    cases.test('cleanup under a command ends it, and leaves nothing', async (bench) => {
      await leavesNothing(bench, async (instance) => {
        const { stream } = await hang(instance, bench.commands);
        const waiting = instance.sendCommand(bench.commands.echo('never'));
        await instance.cleanup({ remove: true });
        await refusal(stream.result, 'CCB_CLOSED');
        await refusal(waiting.result, 'CCB_CLOSED');
        assert.equal(instance.state, 'closed');
      });
    });

    cases.test('cleanup in the middle of a start ends it, and leaves nothing', async (bench) => {
      await leavesNothing(bench, async (instance) => {
        const starting = instance.start();
        const refused = refusal(starting, 'CCB_CLOSED');
        await instance.cleanup({ remove: true });
        await refused;
        assert.equal(instance.state, 'closed');
      });
    });

    cases.test('cleanup twice, together or one after the other, is cleanup once', async (bench) => {
      await leavesNothing(bench, async (instance) => {
        await assertAnswers(instance, bench.commands, 'used');
        await Promise.all([instance.cleanup({ remove: true }), instance.cleanup({ remove: true })]);
        await instance.cleanup({ remove: true });
        assert.equal(instance.state, 'closed');
        assert.equal(await instance.isRunning(), false);
      });
    });

    cases.test('a creation that is aborted leaves nothing', async (bench) => {
      const before = await bench.leaks();
      const reason = new Error('changed my mind');
      await assert.rejects(bench.create(AbortSignal.abort(reason)), reason);
      assert.deepEqual(added(before, await bench.leaks()), []);
    });

    cases.test(
      'a creation that is aborted half-way leaves nothing, or an instance that can be cleaned up',
      async (bench) => {
        const before = await bench.leaks();
        const given = new AbortController();
        const reason = new Error('changed my mind');
        const creating = bench.create(given.signal);
        given.abort(reason);
        try {
          await (await creating).cleanup({ remove: true });
        } catch (error) {
          assert.equal(error, reason);
        }
        assert.deepEqual(added(before, await bench.leaks()), []);
      },
    );

    cases.testIf(
      ({ commands }) => commands.background !== null,
      'what a command left running in the background ends with the instance',
      async (bench) => {
        const { background } = bench.commands;
        assert.ok(background);
        await leavesNothing(bench, async (instance) => {
          const reader = instance.sendCommand(background()).text({ cancelOnReturn: false })[Symbol.asyncIterator]();
          assert.equal((await reader.next()).value, 'left\n');
          await instance.cleanup({ remove: true });
        });
      },
    );

    cases.testWith(
      'detach',
      `${rounds} times opened and let go, nothing of the handles is left in this process`,
      async (bench) => {
        const { create, reopen, commands } = bench;
        const first = await create();
        await assertAnswers(first, commands, 'first');
        const { record } = first;
        await first.detach();
        const round = async (): Promise<void> => {
          const instance = await reopen(record);
          assert.equal(await instance.isRunning(), true);
          await instance.detach();
        };
        // What is made once, by the first who needs it, is no leak.
        for (let warm = 0; warm < 2; warm += 1) await round();
        const before = await openResources();
        for (let count = 0; count < rounds; count += 1) await round();
        assert.deepEqual(growth(before, await openResources(), rounds), []);
      },
    );

    cases.testWith(
      'detach',
      'handles that let go under a command leave nothing in this process, and the command as it is',
      async (bench) => {
        const { create, reopen, commands } = bench;
        const first = await create();
        await assertAnswers(first, commands, 'first');
        await first.detach();
        const leave = async (): Promise<string> => {
          const instance = await reopen(first.record);
          // Of the round before.
          await (instance.capabilities.interrupt ? instance.interrupt() : instance.stop());
          const { stream } = await hang(instance, commands);
          await instance.detach();
          await refusal(stream.result, 'CCB_CLOSED');
          return stream.id;
        };
        await leave();
        const before = await openResources();
        let id = '';
        for (let count = 0; count < fewRounds; count += 1) id = await leave();
        assert.deepEqual(growth(before, await openResources(), fewRounds), []);
        const third = await reopen(first.record);
        assert.equal((await third.getInfo()).command?.id, id);
        await third.cleanup({ remove: true });
      },
    );
  },
};

/** What is there after the body, and was not before. */
async function leavesNothing(
  { create, leaks: look }: Bench,
  body: (instance: InstanceInterface) => Promise<void>,
): Promise<void> {
  const before = await look();
  await body(await create());
  assert.deepEqual(added(before, await look()), []);
}

function added(before: readonly string[], after: readonly string[]): readonly string[] {
  return after.filter((leak) => !before.includes(leak));
}
