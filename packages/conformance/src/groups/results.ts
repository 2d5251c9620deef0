import assert from 'node:assert/strict';
import type { Group } from '../bench.ts';
import { assertAnswers } from '../scene/answering.ts';
import { hang } from '../scene/hanging.ts';
import { assertPlain } from '../scene/plain.ts';
import { collect, numbered } from '../scene/reading.ts';
import { refusal, streamRefusal } from '../scene/refusal.ts';

export const results: Group = {
  name: 'results and errors',
  define(cases) {
    cases.test('a success says who ended it, how long it took and how much it said, as plain JSON', async (bench) => {
      const instance = await bench.borrow();
      const stream = instance.sendCommand(bench.commands.echo('twelve bytes'));
      const result = await stream.result;
      assertPlain(result);
      const { id, success, status, error, outputBytes, durationMs, completedBy, inferred } = result;
      assert.deepEqual([id, success, status, error, outputBytes], [stream.id, true, 'completed', undefined, 12]);
      assert.ok(Number.isFinite(durationMs) && durationMs >= 0, String(durationMs));
      assert.ok(typeof completedBy === 'string' && completedBy !== '');
      assert.equal(typeof inferred, 'boolean');
      const collected = await instance.sendCommandAndWait(bench.commands.echo('twelve bytes'));
      assert.deepEqual([collected.output, collected.truncated, collected.success], ['twelve bytes', false, true]);
    });

    cases.test(
      'a failure is a result with a reason, not an error, and the next command runs',
      async ({ borrow, commands }) => {
        const instance = await borrow();
        const stream = instance.sendCommand(commands.fail(3));
        await collect(stream);
        const result = await stream.result;
        assertPlain(result);
        assert.deepEqual([result.success, result.status], [false, 'failed']);
        const { code, message, retryable } = result.error ?? assert.fail('a failure has an error');
        assert.ok(typeof code === 'string' && code !== '');
        assert.ok(typeof message === 'string' && message !== '');
        assert.equal(typeof retryable, 'boolean');
        await assertAnswers(instance, commands, 'next');
      },
    );

    cases.testWith(
      'exitCode',
      "a result carries the program's exit status",
      async ({ borrow, commands }) => {
        const instance = await borrow();
        for (const status of [1, 3, 125]) {
          const failed = await instance.sendCommandAndWait(commands.fail(status));
          assert.deepEqual([failed.status, failed.exitCode], ['failed', status]);
        }
        assert.equal((await instance.sendCommandAndWait(commands.echo('fine'))).exitCode, 0);
      },
      async ({ borrow, commands }) => {
        const instance = await borrow();
        assert.equal((await instance.sendCommandAndWait(commands.fail(3))).exitCode, undefined);
        assert.equal((await instance.sendCommandAndWait(commands.echo('fine'))).exitCode, undefined);
      },
    );

    cases.test('a stream that nobody looks at never becomes an unhandled rejection', async ({ create, commands }) => {
      const instance = await create();
      const unhandled: unknown[] = [];
      const note = (reason: unknown): void => void unhandled.push(reason);
      process.on('unhandledRejection', note);
      try {
        await hang(instance, commands);
        instance.sendCommand(commands.echo('dropped'));
        const looked = instance.sendCommand(commands.echo('looked at, and dropped'));
        void looked.result;
        void looked.text();
        await instance.stop();
        await new Promise((resolve) => setImmediate(resolve));
      } finally {
        process.off('unhandledRejection', note);
      }
      assert.deepEqual(unhandled, []);
    });

    cases.test('a given id is kept, and others are made up, each its own', async ({ borrow, commands }) => {
      const instance = await borrow();
      const given = instance.sendCommand(commands.echo('a'), { id: 'my own: é/42' });
      const others = ['b', 'c'].map((text) => instance.sendCommand(commands.echo(text)));
      const streams = [given, ...others];
      assert.equal(given.id, 'my own: é/42');
      assert.ok(others.every(({ id }) => id !== ''));
      assert.equal(new Set(streams.map(({ id }) => id)).size, 3);
      const all = await Promise.all(streams.map(({ result }) => result));
      assert.deepEqual(
        all.map(({ id }) => id),
        streams.map(({ id }) => id),
      );
    });

    cases.test('output beyond maxOutputBytes is cut between characters, and the result says so', async (bench) => {
      const instance = await bench.borrow();
      const lines = numbered(1000);
      const cut = await instance.sendCommandAndWait(bench.commands.lines(1000), { maxOutputBytes: 100 });
      assert.deepEqual([cut.output, cut.truncated, cut.success], [lines.slice(0, 100), true, true]);
      assert.equal(cut.outputBytes, lines.length, 'all of it is counted');
      const euros = '€'.repeat(10);
      const limits = [0, 29, 30, 31].map((maxOutputBytes) =>
        instance.sendCommandAndWait(bench.commands.echo(euros), { maxOutputBytes }),
      );
      assert.deepEqual(
        (await Promise.all(limits)).map(({ output, truncated }) => [output.length, truncated]),
        [
          [0, true],
          [9, true],
          [10, false],
          [10, false],
        ],
      );
    });

    cases.test(
      'an id that comes again with the same text is replayed, event by event, and not run again',
      async ({ create, commands }) => {
        const instance = await create();
        for (const [id, text] of [
          ['again', commands.lines(100)],
          ['failed', commands.fail(3)],
        ] as const) {
          const first = instance.sendCommand(text, { id });
          const events = await collect(first.events());
          const second = instance.sendCommand(text, { id });
          assert.deepEqual(await collect(second.events()), events);
          assert.deepEqual(await second.result, await first.result);
        }
        const { id } = await assertAnswers(instance, commands, 'next');
        if (!instance.capabilities.history) return;
        const begun: string[] = [];
        for await (const { type, commandId } of instance.history()) if (type === 'command') begun.push(commandId);
        assert.deepEqual(begun, ['again', 'failed', id], 'each begins once');
      },
    );

    cases.test(
      'an id that comes again with another text is CCB_ID_CONFLICT on the stream',
      async ({ borrow, commands }) => {
        const instance = await borrow();
        const id = 'taken';
        await instance.sendCommandAndWait(commands.echo('one'), { id });
        await streamRefusal(instance.sendCommand(commands.echo('two'), { id }), 'CCB_ID_CONFLICT');
        await refusal(instance.sendCommandAndWait(commands.echo('two'), { id }), 'CCB_ID_CONFLICT');
        assert.equal((await instance.sendCommandAndWait(commands.echo('one'), { id })).output, 'one');
        await assertAnswers(instance, commands, 'next');
      },
    );
  },
};
