import assert from 'node:assert/strict';
import type { HistoryEntry, InstanceInterface } from '@ccb/instance-interface';
import type { Bench, Group } from '../bench.ts';
import { assertAnswers } from '../scene/answering.ts';
import { hang } from '../scene/hanging.ts';
import { collect } from '../scene/reading.ts';
import { failureCode, refusal, streamRefusal } from '../scene/refusal.ts';
import { whenState } from '../scene/states.ts';

export const observeAndHold: Group = {
  name: 'who holds it, and who observes',
  define(cases) {
    cases.testWith(
      'detach',
      'a second host is refused while the first one holds it, and told by whom',
      async ({ create, reopen, commands }) => {
        const holder = await create();
        await holder.start();
        const error = await refusal(reopen(holder.record), 'CCB_LOCKED');
        assert.equal(error.retryable, true, 'the holder may let go');
        assert.ok(error.message.includes(holder.name), error.message);
        const { holder: who } = await holder.getInfo();
        if (who !== undefined) {
          assert.equal(who.pid, process.pid);
          assert.ok(error.message.includes(String(who.pid)), `it says who holds it: ${error.message}`);
        }
        await assertAnswers(holder, commands, 'still mine');
      },
      async ({ create }) => {
        await refusal((await create()).detach(), 'CCB_NOT_SUPPORTED');
      },
    );

    cases.testWith('detach', 'what one host lets go the next one holds; the first handle is closed', async (bench) => {
      const { create, reopen, commands } = bench;
      const first = await create();
      await assertAnswers(first, commands, 'first');
      await first.detach();
      assert.equal(first.state, 'closed');
      const second = await reopen(first.record);
      await assertAnswers(second, commands, 'second');
      await streamRefusal(first.sendCommand(commands.echo('too late')), 'CCB_CLOSED');
      assert.equal(await first.isRunning(), false);
      assert.equal((await first.getInfo()).state, 'closed');
      await refusal(first.start(), 'CCB_CLOSED');
      await refusal(first.cleanup(), 'CCB_CLOSED');
      await first.detach();
      await assertAnswers(second, commands, 'third');
    });

    cases.testWith(
      'detach',
      'a stopped instance is held, let go and opened too',
      async ({ create, reopen, commands }) => {
        const first = await create();
        await first.detach();
        const second = await reopen(first.record);
        assert.equal(second.state, 'stopped');
        assert.equal(await second.isRunning(), false);
        await assertAnswers(second, commands, 'started by the second');
      },
    );

    whereObserved('an observer looks beside the holder, and goes without a trace', async (bench, observe) => {
      const { borrow, reopen, commands } = bench;
      const holder = await borrow();
      await assertAnswers(holder, commands, 'before');
      const eye = await observe(holder.record);
      assert.equal(eye.state, 'running');
      assert.equal(await eye.isRunning(), true);
      const [seen, own] = await Promise.all([eye.getInfo(), holder.getInfo()]);
      assert.deepEqual([seen.name, seen.state, seen.program], [own.name, own.state, own.program]);
      await eye.detach();
      assert.equal(eye.state, 'closed');
      if (holder.capabilities.detach) await refusal(reopen(holder.record), 'CCB_LOCKED');
      await assertAnswers(holder, commands, 'after');
    });

    whereObserved('an observer starts, sends and removes nothing', async ({ borrow, commands }, observe) => {
      const holder = await borrow();
      const eye = await observe(holder.record);
      await streamRefusal(eye.sendCommand(commands.echo('not by me')), 'CCB_LOCKED');
      await refusal(eye.sendCommandAndWait(commands.echo('not by me')), 'CCB_LOCKED');
      if (eye.capabilities.resume) await streamRefusal(eye.resumeCommand('any'), 'CCB_LOCKED');
      await refusal(eye.start(), 'CCB_LOCKED');
      await refusal(eye.cleanup(), 'CCB_LOCKED');
      assert.equal(await eye.isRunning(), true, 'what it may do it still can');
      await assertAnswers(holder, commands, 'by the holder');
    });

    whereObserved('an observer ends the holder’s command', async ({ borrow, commands }, observe) => {
      const holder = await borrow();
      const eye = await observe(holder.record);
      if (!eye.capabilities.interrupt) {
        await refusal(eye.interrupt(), 'CCB_NOT_SUPPORTED');
        return;
      }
      assert.equal(await eye.interrupt(), false, 'nothing runs');
      const { stream } = await hang(holder, commands);
      assert.equal((await eye.getInfo()).command?.id, stream.id);
      assert.equal(await eye.interrupt(), true);
      assert.equal((await stream.result).status, 'cancelled');
      await assertAnswers(holder, commands, 'next');
    });

    whereObserved('an observer follows what the holder does', async ({ borrow, commands, signal }, observe) => {
      const holder = await borrow();
      const eye = await observe(holder.record);
      if (!eye.capabilities.history) {
        await refusal(collect(eye.history()), 'CCB_NOT_SUPPORTED');
        return;
      }
      const { id } = await assertAnswers(holder, commands, 'past');
      assert.deepEqual(kinds(await collect(eye.history()), id), ['command', 'text', 'end']);
      const seen: HistoryEntry[] = [];
      const next = holder.sendCommand(commands.echo('to come'));
      for await (const entry of eye.history({ follow: true, signal })) {
        if (entry.commandId !== next.id) continue;
        seen.push(entry);
        if (entry.type === 'end') break;
      }
      assert.deepEqual(kinds(seen, next.id), ['command', 'text', 'end']);
      const end = seen.at(-1);
      assert.deepEqual(end?.type === 'end' && end.result, await next.result);
    });

    whereObserved(
      'an observer stops it in the middle of a command, and the holder starts it again',
      async (bench, observe) => {
        const { create, commands, signal } = bench;
        const holder = await create();
        const { stream } = await hang(holder, commands);
        const eye = await observe(holder.record);
        const stopped = whenState(holder, 'stopped', signal);
        await eye.stop();
        assert.equal(await eye.isRunning(), false);
        assert.equal(await failureCode(stream.result), 'CCB_STOPPED');
        await stopped;
        await assertAnswers(holder, commands, 'again');
      },
    );

    function whereObserved(
      name: string,
      body: (
        bench: Bench,
        observe: (record: InstanceInterface['record']) => Promise<InstanceInterface>,
      ) => Promise<void>,
    ): void {
      cases.testIf(
        ({ observe }) => observe !== undefined,
        name,
        (bench) => {
          const { observe } = bench;
          assert.ok(observe);
          return body(bench, observe);
        },
      );
    }
  },
};

/** What happened in one command; pieces of text that follow each other count as one. */
function kinds(entries: readonly HistoryEntry[], commandId: string): readonly string[] {
  return entries
    .filter((entry) => entry.commandId === commandId && entry.type !== 'status')
    .map(({ type }) => type)
    .filter((type, index, all) => type !== 'text' || all[index - 1] !== 'text');
}
