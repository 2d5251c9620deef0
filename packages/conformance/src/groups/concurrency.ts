import assert from 'node:assert/strict';
import type { Group } from '../bench.ts';
import { assertAnswers } from '../scene/answering.ts';
import { hang } from '../scene/hanging.ts';
import { refusal } from '../scene/refusal.ts';

export const concurrency: Group = {
  name: 'concurrency',
  define(cases) {
    cases.test(
      'twenty commands sent in one tick are each answered exactly, in the order of their calls',
      async ({ borrow, commands }) => {
        const instance = await borrow();
        const order: number[] = [];
        const answers = await Promise.all(
          Array.from({ length: 20 }, async (_, index) => {
            const result = await instance.sendCommandAndWait(commands.echo(`answer ${index}`));
            order.push(index);
            return result;
          }),
        );
        assert.deepEqual(
          answers.map(({ output, success }) => ({ output, success })),
          answers.map((_, index) => ({ output: `answer ${index}`, success: true })),
        );
        assert.deepEqual(
          order,
          answers.map((_, index) => index),
        );
        assert.equal(new Set(answers.map(({ id }) => id)).size, 20, 'each command has an id of its own');
      },
    );

    cases.test(
      'two instances that work at the same time do not see each other’s output',
      async ({ create, commands }) => {
        const [one, other] = await Promise.all([create(), create()]);
        const said = async (instance: typeof one, word: string): Promise<readonly string[]> => {
          const results = await Promise.all(
            [1, 2, 3].map((turn) => instance.sendCommandAndWait(commands.echo(`${word} ${turn}`))),
          );
          return results.map(({ output }) => output);
        };
        const [ones, others] = await Promise.all([said(one, 'one'), said(other, 'other')]);
        assert.deepEqual(ones, ['one 1', 'one 2', 'one 3']);
        assert.deepEqual(others, ['other 1', 'other 2', 'other 3']);
      },
    );

    cases.test(
      'whoever starts it, sends to it and looks at it in the same tick gets an answer',
      async ({ create, commands }) => {
        const instance = await create();
        const [, , first, info, , second] = await Promise.all([
          instance.start(),
          instance.start(),
          instance.sendCommandAndWait(commands.echo('first')),
          instance.getInfo(),
          instance.isRunning(),
          instance.sendCommandAndWait(commands.echo('second')),
        ]);
        assert.deepEqual([first.output, second.output], ['first', 'second']);
        assert.equal(info.name, instance.name);
        assert.equal(instance.state, 'running');
        assert.equal(await instance.isRunning(), true);
      },
    );

    cases.test('isRunning and getInfo answer while a command runs and others wait', async ({ borrow, commands }) => {
      const instance = await borrow();
      const { stream } = await hang(instance, commands);
      const waiting = instance.sendCommandAndWait(commands.echo('waited'));
      const looks = await Promise.all([instance.isRunning(), instance.isRunning(), instance.isRunning()]);
      assert.deepEqual(looks, [true, true, true]);
      const info = await instance.getInfo();
      assert.equal(info.state, 'running');
      assert.equal(info.command?.id, stream.id);
      assert.ok(!Number.isNaN(Date.parse(info.command.startedAt)), info.command.startedAt);
      assert.equal(info.queued, 1);
      assert.equal((await stream.cancel()).status, 'cancelled');
      assert.equal((await waiting).output, 'waited');
      const after = await instance.getInfo();
      assert.equal(after.command, undefined);
      assert.equal(after.queued, 0);
    });

    cases.testWith(
      'interrupt',
      'two who interrupt at once end one command, and the next one is whole',
      async ({ borrow, commands }) => {
        const instance = await borrow();
        const { stream } = await hang(instance, commands);
        const said = await Promise.all([instance.interrupt(), instance.interrupt()]);
        assert.ok(said.includes(true), `one of them ended something: ${said}`);
        assert.equal((await stream.result).status, 'cancelled');
        assert.equal(await instance.interrupt(), false, 'nothing runs');
        await assertAnswers(instance, commands, 'next');
      },
      async ({ borrow }) => {
        await refusal((await borrow()).interrupt(), 'CCB_NOT_SUPPORTED');
      },
    );

    cases.test('two who cancel one command get the same result', async ({ borrow, commands }) => {
      const instance = await borrow();
      const { stream } = await hang(instance, commands);
      const [one, other, result] = await Promise.all([stream.cancel(), stream.cancel(), stream.result]);
      assert.equal(result.status, 'cancelled');
      assert.deepEqual(one, result);
      assert.deepEqual(other, result);
      await assertAnswers(instance, commands, 'next');
    });

    cases.test(
      'a stop in the middle of a start leaves it stopped, and it can be started again',
      async ({ create, commands }) => {
        const instance = await create();
        const starting = instance.start().then(
          () => undefined,
          (error: unknown) => error,
        );
        const waiting = instance.sendCommand(commands.echo('never'));
        await instance.stop();
        assert.equal(instance.state, 'stopped');
        const error = await starting;
        if (error !== undefined) await refusal(Promise.reject(error), 'CCB_STOPPED');
        await refusal(waiting.result, 'CCB_STOPPED');
        assert.equal(await instance.isRunning(), false);
        await assertAnswers(instance, commands, 'again');
      },
    );

    cases.test(
      'starts, stops and commands of many callers leave an instance that works',
      async ({ create, commands }) => {
        const instance = await create();
        for (let round = 1; round <= 2; round += 1) {
          const before = instance.sendCommand(commands.echo(`before ${round}`)).result;
          const calls = [instance.start(), instance.stop(), instance.stop(), instance.start()];
          const [info, settled, ended] = await Promise.all([
            instance.getInfo(),
            Promise.allSettled(calls),
            Promise.allSettled([before]),
          ]);
          assert.equal(info.name, instance.name);
          for (const call of [...settled, ...ended]) {
            if (call.status === 'rejected') await refusal(Promise.reject(call.reason), 'CCB_STOPPED');
          }
          await assertAnswers(instance, commands, `after ${round}`);
          assert.equal(instance.state, 'running');
        }
      },
    );
  },
};
