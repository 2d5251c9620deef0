import assert from 'node:assert/strict';
import { InstanceError } from '@ccb/instance-interface';
import type { Group } from '../bench.ts';
import { assertAnswers } from '../scene/answering.ts';
import { hang } from '../scene/hanging.ts';
import { assertSameText, joined, numbered } from '../scene/reading.ts';

/** More than 2 MB: beyond what is kept for a reader that is slow or absent. */
const manyLines = 350_000;

export const readers: Group = {
  name: 'readers, slow and absent',
  define(cases) {
    cases.test(
      'a reader that takes one piece and waits, and is slow then, loses nothing and gets nothing twice',
      async ({ create, commands }) => {
        const instance = await create();
        const stream = instance.sendCommand(commands.lines(manyLines));
        const pieces: string[] = [];
        for await (const piece of stream) {
          pieces.push(piece);
          if (pieces.length > 10) continue;
          await instance.getInfo();
          // Whatever can be sent meanwhile is.
          await new Promise((resolve) => setImmediate(resolve));
        }
        const expected = numbered(manyLines);
        assertSameText(pieces.join(''), expected);
        const result = await stream.result;
        assert.equal(result.success, true);
        assert.equal(result.outputBytes, expected.length);
      },
    );

    cases.test(
      'while a reader dawdles the instance answers, and cancel ends the command',
      async ({ create, commands }) => {
        const instance = await create();
        const stream = instance.sendCommand(commands.lines(manyLines));
        const reader = stream.text({ cancelOnReturn: false })[Symbol.asyncIterator]();
        await reader.next();
        // Meanwhile more comes than is kept for a reader.
        for (let look = 0; look < 100; look += 1) assert.equal((await instance.getInfo()).state, 'running');
        assert.equal(await instance.isRunning(), true);
        // A quick program may be through, for all that its reader is not.
        assert.match((await stream.cancel()).status, /^(cancelled|completed)$/);
        await assertAnswers(instance, commands, 'next');
      },
    );

    cases.testWith(
      'interrupt',
      'a slow reader’s command is interrupted, and the reader comes to its end',
      async ({ create, commands }) => {
        const instance = await create();
        const stream = instance.sendCommand(commands.lines(manyLines));
        let text = '';
        let interrupting: Promise<boolean> | undefined;
        for await (const piece of stream) {
          text += piece;
          interrupting ??= instance.interrupt();
        }
        await interrupting;
        assert.match((await stream.result).status, /^(cancelled|completed)$/);
        assertSameText(text, numbered(manyLines).slice(0, text.length));
        await assertAnswers(instance, commands, 'next');
      },
    );

    cases.test(
      'an answer that nobody reads ends all the same, and keeps nobody waiting',
      async ({ create, commands }) => {
        const instance = await create();
        const unread = instance.sendCommand(commands.lines(manyLines));
        const next = instance.sendCommandAndWait(commands.echo('next'));
        const result = await unread.result;
        assert.equal(result.success, true);
        assert.equal(result.outputBytes, numbered(manyLines).length);
        assert.equal((await next).output, 'next');
      },
    );

    cases.test(
      'who reads a large answer late gets its beginning, and is told that the rest is gone',
      async ({ create, commands }) => {
        const instance = await create();
        const stream = instance.sendCommand(commands.lines(manyLines));
        await stream.result;
        let text = '';
        try {
          for await (const piece of stream) text += piece;
          // A backend may well keep more.
          assertSameText(text, numbered(manyLines));
        } catch (error) {
          if (!InstanceError.is(error, 'CCB_JOURNAL_GAP')) throw error;
          assertSameText(text, numbered(manyLines).slice(0, text.length));
        }
      },
    );

    cases.test('who reads a small answer late gets all of it', async ({ borrow, commands }) => {
      const instance = await borrow();
      const stream = instance.sendCommand(commands.lines(100));
      await stream.result;
      assert.equal(await joined(stream), numbered(100));
    });

    cases.test('who leaves the loop ends the command, and the next one is whole', async ({ borrow, commands }) => {
      const instance = await borrow();
      const stream = instance.sendCommand(commands.hang());
      let text = '';
      for await (const piece of stream) {
        text += piece;
        if (text === 'begun\n') break;
      }
      const result = await stream.result;
      assert.equal(result.status, 'cancelled');
      assert.equal(result.success, false);
      await assertAnswers(instance, commands, 'next');
    });

    cases.test('reading that is given up by its signal leaves the command alone', async ({ borrow, commands }) => {
      const instance = await borrow();
      const stream = instance.sendCommand(commands.hang());
      const reading = new AbortController();
      const reason = new Error('enough');
      let text = '';
      await assert.rejects(async () => {
        for await (const piece of stream.text({ signal: reading.signal })) {
          text += piece;
          if (text === 'begun\n') reading.abort(reason);
        }
      }, reason);
      assert.equal((await instance.getInfo()).command?.id, stream.id);
      assert.equal((await stream.cancel()).status, 'cancelled');
    });

    cases.test('an answer has one reader', async ({ borrow, commands }) => {
      const instance = await borrow();
      const { stream, reader } = await hang(instance, commands);
      assert.throws(() => stream.text(), TypeError);
      assert.throws(() => stream.events(), TypeError);
      await stream.cancel();
      assert.equal((await reader.next()).done, true);
    });
  },
};
