import assert from 'node:assert/strict';
import type { CommandResult, CommandStream } from '@ccb/instance-interface';
import type { Group } from '../bench.ts';
import { assertAnswers } from '../scene/answering.ts';
import { hang } from '../scene/hanging.ts';
import { assertPlain } from '../scene/plain.ts';
import { assertSameText, collect, joined, numbered, textOf } from '../scene/reading.ts';

const count = 500;

export const streaming: Group = {
  name: 'streaming',
  define(cases) {
    cases.test('output arrives while the command runs', async ({ borrow, commands }) => {
      const { stream } = await hang(await borrow(), commands);
      assert.equal(await settledYet(stream), undefined);
      await stream.cancel();
    });

    cases.test(
      'text(), for await, events() and the collected output are the same text',
      async ({ borrow, commands }) => {
        const instance = await borrow();
        const text = commands.lines(count);
        const expected = numbered(count);
        assertSameText((await instance.sendCommandAndWait(text)).output, expected);
        assertSameText(await joined(instance.sendCommand(text).text()), expected);
        assertSameText(await joined(instance.sendCommand(text)), expected);
        assertSameText(textOf(await collect(instance.sendCommand(text).events())), expected);
      },
    );

    cases.test(
      'an answer has one reader; a second one is a TypeError, and harms nothing',
      async ({ borrow, commands }) => {
        const stream = (await borrow()).sendCommand(commands.lines(count));
        const reading = joined(stream.text());
        assert.throws(() => stream.text(), TypeError);
        assert.throws(() => stream.events(), TypeError);
        assert.throws(() => stream[Symbol.asyncIterator](), TypeError);
        assertSameText(await reading, numbered(count));
        assert.throws(() => stream.events(), TypeError, 'also after the end');
      },
    );

    cases.test(
      'the last event is the end with the result; each event has a time and a cursor of its own',
      async ({ borrow, commands }) => {
        const stream = (await borrow()).sendCommand(commands.lines(count));
        assert.equal(stream.cursor, undefined);
        const cursors = new Set<string>();
        const types: string[] = [];
        let result: CommandResult | undefined;
        for await (const event of stream.events()) {
          assert.equal(stream.cursor, event.cursor);
          assert.equal(new Date(event.at).toISOString(), event.at);
          assertPlain(event);
          cursors.add(event.cursor);
          types.push(event.type);
          if (event.type === 'end') result = event.result;
        }
        assert.equal(cursors.size, types.length, 'no cursor comes twice');
        assert.equal(types.indexOf('end'), types.length - 1, 'one end, at the end');
        assert.deepEqual(result, await stream.result);
      },
    );

    cases.test('leaving the loop cancels the command', async ({ borrow, commands }) => {
      const instance = await borrow();
      const stream = instance.sendCommand(commands.hang());
      for await (const text of stream) {
        assert.ok('begun\n'.startsWith(text) && text !== '');
        break;
      }
      assert.equal((await stream.result).status, 'cancelled');
      await assertAnswers(instance, commands, 'next');
    });

    cases.test(
      'with cancelOnReturn: false, leaving the loop leaves the command alone',
      async ({ borrow, commands }) => {
        const { stream, reader } = await hang(await borrow(), commands);
        await reader.return?.();
        assert.equal(await settledYet(stream), undefined);
        assert.deepEqual(await reader.next(), { done: true, value: undefined });
        assert.equal((await stream.cancel()).status, 'cancelled');
      },
    );

    cases.test('the signal of a reader ends the reading alone', async ({ borrow, commands }) => {
      const instance = await borrow();
      const leaving = new AbortController();
      const stream = instance.sendCommand(commands.hang());
      const reader = stream.text({ signal: leaving.signal })[Symbol.asyncIterator]();
      await reader.next();
      // Whether or not all of `begun` has come.
      const rest = (async () => {
        while (!(await reader.next()).done);
      })();
      const reason = new Error('read enough');
      leaving.abort(reason);
      await assert.rejects(rest, (error) => error === reason);
      assert.equal(await settledYet(stream), undefined, 'the command goes on');
      assert.equal((await stream.cancel()).status, 'cancelled');
      const unread = instance.sendCommand(commands.echo('unread'));
      const aborted = unread.text({ signal: leaving.signal })[Symbol.asyncIterator]();
      await assert.rejects(aborted.next(), (error) => error === reason);
      assert.equal((await unread.result).status, 'completed');
    });

    cases.test(
      'a result arrives without a reader, and the answer can be read after it',
      async ({ borrow, commands }) => {
        const stream = (await borrow()).sendCommand(commands.lines(count));
        const result = await stream.result;
        assert.equal(result.status, 'completed');
        assert.equal(result.outputBytes, numbered(count).length);
        assertSameText(await joined(stream), numbered(count));
      },
    );
  },
};

/** The result, where it is there already. Gives what is on its way within this process time to arrive. */
async function settledYet({ result }: CommandStream): Promise<CommandResult | undefined> {
  const aMoment = new Promise<undefined>((resolve) => setImmediate(() => setImmediate(resolve, undefined)));
  return Promise.race([result, aMoment]);
}
