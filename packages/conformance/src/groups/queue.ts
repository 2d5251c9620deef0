import assert from 'node:assert/strict';
import type { CommandOptions } from '@ccb/instance-interface';
import type { Group } from '../bench.ts';
import { assertAnswers } from '../scene/answering.ts';
import { hang } from '../scene/hanging.ts';
import { collect } from '../scene/reading.ts';
import { streamRefusal } from '../scene/refusal.ts';

const defaultMaxQueue = 64;

/** What a caller gets wrong. */
const mistakes: readonly (readonly [string, CommandOptions])[] = [
  ['', {}],
  ['with\0NUL', {}],
  ['text', { id: '' }],
  ['text', { id: 'a\nb' }],
  ['text', { id: 'x'.repeat(257) }],
  ['text', { timeoutMs: 0 }],
  ['text', { timeoutMs: -1 }],
  ['text', { timeoutMs: Number.NaN }],
  ['text', { stderr: 'loud' as 'merge' }],
  ['text', { permission: 'perhaps' as 'deny' }],
  ['text', { signal: {} as AbortSignal }],
];

export const queue: Group = {
  name: 'queue',
  define(cases) {
    cases.test(
      'fifty commands sent at once run in the order of their calls, each with its own answer',
      async ({ borrow, commands }) => {
        const instance = await borrow();
        const ended: number[] = [];
        const sent = Array.from({ length: 50 }, async (_, index) => {
          const result = await instance.sendCommandAndWait(commands.echo(`answer ${index}`));
          ended.push(index);
          return result.output;
        });
        const order = Array.from(sent, (_, index) => index);
        assert.deepEqual(
          await Promise.all(sent),
          order.map((index) => `answer ${index}`),
        );
        assert.deepEqual(ended, order);
      },
    );

    cases.test('one command runs at a time, and getInfo counts those that wait', async ({ borrow, commands }) => {
      const instance = await borrow();
      const { stream } = await hang(instance, commands);
      const waiting = ['a', 'b', 'c'].map((text) => instance.sendCommand(commands.echo(text)));
      const begun: string[] = [];
      const answers = waiting.map(async (one) => {
        const texts: string[] = [];
        for await (const text of one) {
          begun.push(text);
          texts.push(text);
        }
        return texts.join('');
      });
      const info = await instance.getInfo();
      assert.deepEqual([info.command?.id, info.queued], [stream.id, 3]);
      assert.deepEqual(begun, [], 'nothing of the others while the first one runs');
      await stream.cancel();
      assert.deepEqual(await Promise.all(answers), ['a', 'b', 'c']);
      const after = await instance.getInfo();
      assert.deepEqual([after.command, after.queued], [undefined, 0]);
    });

    cases.test(
      'beyond 64 that wait a command fails with CCB_BUSY on its stream, and the others are not touched',
      async ({ borrow, commands }) => {
        const instance = await borrow();
        const { stream } = await hang(instance, commands);
        const first = instance.sendCommand(commands.echo('waited'));
        const others = Array.from({ length: defaultMaxQueue - 1 }, () => instance.sendCommand(commands.echo('never')));
        const error = await streamRefusal(instance.sendCommand(commands.echo('too many')), 'CCB_BUSY');
        assert.equal(error.retryable, true);
        assert.equal((await instance.getInfo()).queued, defaultMaxQueue);
        for (const one of others) await one.cancel();
        const next = instance.sendCommandAndWait(commands.echo('there is room'));
        await stream.cancel();
        assert.equal((await collect(first)).join(''), 'waited');
        assert.equal((await next).output, 'there is room');
      },
    );

    cases.test('a command that fails does not stop the queue', async ({ borrow, commands }) => {
      const instance = await borrow();
      const texts = [commands.echo('before'), commands.fail(3), commands.echo('after'), commands.fail(1)];
      const results = await Promise.all(texts.map((text) => instance.sendCommandAndWait(text)));
      assert.deepEqual(
        results.map(({ status }) => status),
        ['completed', 'failed', 'completed', 'failed'],
      );
      assert.deepEqual([results[0]?.output, results[2]?.output], ['before', 'after']);
    });

    cases.test("a caller's mistake is a TypeError at the call, and nothing is queued", async ({ create, commands }) => {
      const instance = await create();
      for (const [text, options] of mistakes) {
        const what = JSON.stringify([text, options]);
        assert.throws(() => instance.sendCommand(text, options), TypeError, what);
        await assert.rejects(instance.sendCommandAndWait(text, options), TypeError, what);
      }
      assert.throws(() => instance.sendCommand(undefined as unknown as string), TypeError);
      await assert.rejects(instance.sendCommandAndWait('text', { maxOutputBytes: -1 }), TypeError);
      assert.equal(instance.state, 'stopped', 'nor is the instance started');
      assert.equal((await instance.getInfo()).queued, 0);
      await assertAnswers(instance, commands, 'no harm done');
    });
  },
};
