import assert from 'node:assert/strict';
import type { CommandEvent, HistoryEntry, InstanceInterface } from '@ccb/instance-interface';
import { anySignal } from '@ccb/instance-interface/abstract';
import type { Bench, Group } from '../bench.ts';
import { assertAnswers } from '../scene/answering.ts';
import { hang } from '../scene/hanging.ts';
import { assertSameText, collect, joined, numbered, textOf } from '../scene/reading.ts';
import { refusal, streamRefusal } from '../scene/refusal.ts';

const manyLines = 200_000;

export const resumeAndHistory: Group = {
  name: 'resuming a command, and history',
  define(cases) {
    cases.testWith(
      'resume',
      'resumed after any of its cursors, an ended command gives exactly the later events',
      async ({ borrow, commands }) => {
        const instance = await borrow();
        const stream = instance.sendCommand(commands.lines(60));
        const events = await collect(stream.events());
        const result = await stream.result;
        assert.equal(textOf(events), numbered(60));
        assert.equal(new Set(events.map(({ cursor }) => cursor)).size, events.length, 'each event has its own cursor');
        assert.equal(stream.cursor, events.at(-1)?.cursor);
        for (let given = 0; given <= events.length; given += 1) {
          const resumed = instance.resumeCommand(stream.id, { after: events[given - 1]?.cursor });
          assert.deepEqual(await collect(resumed.events()), events.slice(given));
          assert.deepEqual(await resumed.result, result);
        }
      },
      async ({ borrow }) => {
        await streamRefusal((await borrow()).resumeCommand('any'), 'CCB_NOT_SUPPORTED');
      },
    );

    cases.testWith('resume', 'an id that nobody used is not found, on the stream', async ({ borrow, commands }) => {
      const instance = await borrow();
      await streamRefusal(instance.resumeCommand('never-used'), 'CCB_NOT_FOUND');
      await assertAnswers(instance, commands, 'fine');
    });

    cases.testWith(
      'resume',
      'a cursor of another instance is of no use, and said to be',
      async ({ create, commands }) => {
        const [own, foreign] = await Promise.all([create(), create()]);
        const { id } = await assertAnswers(own, commands, 'mine');
        const theirs = foreign.sendCommand(commands.echo('theirs'));
        await collect(theirs.events());
        await streamRefusal(own.resumeCommand(id, { after: theirs.cursor }), 'CCB_JOURNAL_LOST');
        assert.equal(await joined(own.resumeCommand(id)), 'mine');
      },
    );

    cases.testWith(
      'resume',
      'what a loop that was left did not read, the next reader gets',
      async ({ create, commands }) => {
        const instance = await create();
        const stream = instance.sendCommand(commands.lines(manyLines));
        let text = '';
        for await (const piece of stream.text({ cancelOnReturn: false })) {
          text += piece;
          break;
        }
        const resumed = instance.resumeCommand(stream.id, { after: stream.cursor });
        text += await joined(resumed);
        assertSameText(text, numbered(manyLines));
        assert.equal((await resumed.result).success, true);
        assert.deepEqual(await stream.result, await resumed.result);
      },
    );

    cases.testWith(
      'resume',
      'two who resume a command that runs both see it to its end',
      async ({ borrow, commands }) => {
        const instance = await borrow();
        const { stream } = await hang(instance, commands);
        const one = collect(instance.resumeCommand(stream.id).events());
        const other = instance.resumeCommand(stream.id);
        const given = new AbortController();
        const third = instance.resumeCommand(stream.id, { signal: given.signal });
        const reader = other.text({ cancelOnReturn: false })[Symbol.asyncIterator]();
        assert.equal((await reader.next()).value, 'begun\n');
        given.abort();
        await refusal(third.result, 'CCB_ABORTED');
        assert.equal((await instance.getInfo()).command?.id, stream.id, 'a wait that was given up ends nothing');
        const result = await other.cancel();
        assert.equal(result.status, 'cancelled');
        assert.deepEqual(await stream.result, result);
        assert.equal(textOf(await one), 'begun\n');
        assert.equal((await reader.next()).done, true);
        await assertAnswers(instance, commands, 'next');
      },
    );

    cases.testWith(
      'detach',
      'a command goes on while nobody holds it, and the next host gets the rest once',
      async (bench) => {
        const { create, reopen, commands } = bench;
        const first = await create();
        if (!first.capabilities.resume) return;
        const { stream } = await hang(first, commands);
        await first.detach();
        await refusal(stream.result, 'CCB_CLOSED');
        const second = await reopen(first.record);
        assert.equal((await second.getInfo()).command?.id, stream.id);
        const resumed = second.resumeCommand(stream.id, { after: stream.cursor });
        const rest = collect(resumed.events());
        const result = await resumed.cancel();
        assert.equal(result.status, 'cancelled');
        assert.equal(textOf(await rest), '', 'what was read is not given again');
        assert.deepEqual((await rest).at(-1), { ...(await rest).at(-1), type: 'end', result });
        await assertAnswers(second, commands, 'next');
      },
    );

    cases.testWith(
      'detach',
      'an answer that was let go half-way is joined without a gap or a repetition',
      async (bench) => {
        const { create, reopen, commands } = bench;
        const first = await create();
        if (!first.capabilities.resume) return;
        const stream = first.sendCommand(commands.lines(manyLines));
        const events = stream.events({ cancelOnReturn: false })[Symbol.asyncIterator]();
        const seen: CommandEvent[] = [];
        for (let step = 0; step < 3; step += 1) {
          const { done, value } = await events.next();
          if (!done) seen.push(value);
        }
        const after = stream.cursor;
        await first.detach();
        const second = await reopen(first.record);
        const resumed = second.resumeCommand(stream.id, { after });
        const rest = await collect(resumed.events());
        assertSameText(textOf(seen) + textOf(rest), numbered(manyLines));
        assert.equal((await resumed.result).success, true);
      },
    );

    cases.testWith('detach', 'an id that is sent again to the next host is replayed, not run', async (bench) => {
      const { create, reopen, commands } = bench;
      const first = await create();
      if (!first.capabilities.resume) return;
      const original = first.sendCommand(commands.echo('once'), { id: 'the-id' });
      const events = await collect(original.events());
      const result = await original.result;
      await first.detach();
      const second = await reopen(first.record);
      const again = second.sendCommand(commands.echo('once'), { id: 'the-id' });
      assert.deepEqual(await collect(again.events()), events);
      assert.deepEqual(await again.result, result);
      await streamRefusal(second.sendCommand(commands.echo('other'), { id: 'the-id' }), 'CCB_ID_CONFLICT');
      if (commands.recall !== null) {
        const { output } = await second.sendCommandAndWait(commands.recall());
        assert.deepEqual(
          output.split('\n').filter((line) => line === commands.echo('once')),
          [commands.echo('once')],
        );
      }
      if (second.capabilities.history) {
        const begun = (await collect(second.history())).filter(({ type }) => type === 'command');
        assert.equal(begun.filter(({ commandId }) => commandId === 'the-id').length, 1);
      }
    });

    cases.testWith(
      'history',
      'history tells the commands and their events in order, from the beginning or after a cursor',
      async ({ create, commands }) => {
        const instance = await create();
        const streams = [instance.sendCommand(commands.echo('first')), instance.sendCommand(commands.lines(20))];
        const results = await Promise.all(streams.map(({ result }) => result));
        const entries = await collect(instance.history());
        assert.equal(new Set(entries.map(({ cursor }) => cursor)).size, entries.length);
        assert.deepEqual(
          entries.flatMap((entry) => (entry.type === 'command' ? [[entry.commandId, entry.text]] : [])),
          [
            [streams[0]?.id, commands.echo('first')],
            [streams[1]?.id, commands.lines(20)],
          ],
        );
        for (const [index, expected] of ['first', numbered(20)].entries()) {
          const own = entries.filter(({ commandId }) => commandId === streams[index]?.id);
          assert.equal(own[0]?.type, 'command');
          assert.equal(historyText(own), expected);
          const end = own.at(-1);
          assert.deepEqual(end?.type === 'end' && end.result, results[index]);
        }
        const firstEnd = entries.findIndex(({ type }) => type === 'end');
        assert.ok(firstEnd < entries.findIndex(({ commandId }) => commandId === streams[1]?.id), 'one after the other');
        for (let given = 1; given <= entries.length; given += 1) {
          assert.deepEqual(
            await collect(instance.history({ after: entries[given - 1]?.cursor })),
            entries.slice(given),
          );
        }
      },
      async ({ create }) => {
        await refusal(collect((await create()).history()), 'CCB_NOT_SUPPORTED');
      },
    );

    cases.testWith(
      'history',
      'history that follows tells what comes, until its signal aborts',
      async ({ create, commands, signal }) => {
        const instance = await create();
        await assertAnswers(instance, commands, 'past');
        const given = new AbortController();
        const reason = new Error('seen enough');
        const seen: HistoryEntry[] = [];
        const next = instance.sendCommand(commands.echo('to come'));
        const following = (async (): Promise<void> => {
          for await (const entry of instance.history({
            follow: true,
            signal: anySignal(signal, given.signal),
          })) {
            seen.push(entry);
            if (entry.type === 'end' && entry.commandId === next.id) given.abort(reason);
          }
        })();
        await assert.rejects(following, reason);
        assert.equal(historyText(seen.filter(({ commandId }) => commandId !== next.id)), 'past');
        assert.equal(historyText(seen.filter(({ commandId }) => commandId === next.id)), 'to come');
        await assertAnswers(instance, commands, 'fine');
      },
    );

    cases.testWith('history', 'history outlives a stop, and a handle', async (bench) => {
      const { create, commands } = bench;
      const first = await create();
      await assertAnswers(first, commands, 'kept');
      const before = await collect(first.history());
      await first.stop();
      assert.deepEqual(await collect(first.history()), before);
      const second = await letGo(first, bench);
      assert.deepEqual(await collect(second.history()), before);
      if (second !== first) await refusal(collect(first.history()), 'CCB_CLOSED');
    });
  },
};

/** The next host, where the backend can be let go. */
async function letGo(first: InstanceInterface, { reopen }: Bench): Promise<InstanceInterface> {
  if (!first.capabilities.detach) return first;
  await first.detach();
  return await reopen(first.record);
}

function historyText(entries: readonly HistoryEntry[]): string {
  return textOf(entries.filter((entry) => entry.type !== 'command'));
}
