import assert from 'node:assert/strict';
import type { CommandResult } from '@ccb/instance-interface';
import type { Group } from '../bench.ts';
import { assertAnswers } from '../scene/answering.ts';
import { hang } from '../scene/hanging.ts';
import { collect, joined } from '../scene/reading.ts';
import { refusal } from '../scene/refusal.ts';

export const cancellation: Group = {
  name: 'cancellation at every moment',
  define(cases) {
    cases.test(
      'a command is cancelled in the very tick of its call, whether the instance runs or not',
      async (bench) => {
        const instance = await bench.create();
        assertCancelled(await instance.sendCommand(bench.commands.hang()).cancel());
        await assertAnswers(instance, bench.commands, 'one');
        assertCancelled(await instance.sendCommand(bench.commands.hang()).cancel());
        await assertAnswers(instance, bench.commands, 'two');
      },
    );

    cases.test('a command that waits is cancelled at once, and never runs', async ({ borrow, commands }) => {
      const instance = await borrow();
      const { stream } = await hang(instance, commands);
      const first = instance.sendCommand(commands.echo('first'));
      const middle = instance.sendCommand(commands.echo('middle'));
      const last = instance.sendCommand(commands.echo('last'));
      const result = await middle.cancel();
      assertCancelled(result);
      assert.deepEqual([result.durationMs, result.outputBytes], [0, 0]);
      assert.deepEqual(await collect(middle), []);
      const info = await instance.getInfo();
      assert.deepEqual([info.command?.id, info.queued], [stream.id, 2], 'the running one goes on');
      await stream.cancel();
      assert.deepEqual([await joined(first), await joined(last)], ['first', 'last']);
    });

    cases.test('a running command is cancelled in the program too; what it had said is kept', async (bench) => {
      const instance = await bench.borrow();
      const { stream, reader } = await hang(instance, bench.commands);
      const result = await stream.cancel();
      assertCancelled(result);
      assert.equal(result.outputBytes, Buffer.byteLength('begun\n'));
      assert.deepEqual(await reader.next(), { done: true, value: undefined });
      await assertAnswers(instance, bench.commands, 'next');
    });

    cases.test(
      'near its end a command is cancelled or complete, never half of each, and the next one is whole',
      async ({ borrow, commands }) => {
        const instance = await borrow();
        for (let ticks = 0; ticks < 12; ticks++) {
          const text = `answer ${ticks}`;
          const stream = instance.sendCommand(commands.echo(text));
          const reading = joined(stream);
          for (let tick = 0; tick < ticks; tick++) await (tick % 2 ? Promise.resolve() : nextTurn());
          const result = await stream.cancel();
          const said = await reading;
          if (result.success) assert.equal(said, text);
          else {
            assertCancelled(result);
            assert.ok(text.startsWith(said), JSON.stringify(said));
          }
          await assertAnswers(instance, commands, `after ${ticks}`);
        }
      },
    );

    cases.test('cancelling twice, and after the end, gives the result there is', async ({ borrow, commands }) => {
      const instance = await borrow();
      const { stream } = await hang(instance, commands);
      const [once, twice] = await Promise.all([stream.cancel(), stream.cancel()]);
      assertCancelled(once);
      assert.deepEqual(twice, once);
      assert.deepEqual(await stream.cancel(), once);
      const whole = instance.sendCommand(commands.echo('whole'));
      const result = await whole.result;
      assert.deepEqual(await whole.cancel(), result);
      assert.equal(result.status, 'completed');
      assert.equal(await joined(whole), 'whole');
    });

    cases.test('the signal of a command cancels it, running or waiting, and not after its end', async (bench) => {
      const instance = await bench.borrow();
      const [running, waiting, over] = [new AbortController(), new AbortController(), new AbortController()];
      await instance.sendCommandAndWait(bench.commands.echo('over'), { signal: over.signal });
      over.abort();
      const { stream } = await hang(instance, bench.commands, { signal: running.signal });
      const waits = instance.sendCommand(bench.commands.echo('never'), { signal: waiting.signal });
      waiting.abort();
      assertCancelled(await waits.result);
      assert.equal((await instance.getInfo()).command?.id, stream.id);
      running.abort();
      assertCancelled(await stream.result);
      await assertAnswers(instance, bench.commands, 'next');
    });

    cases.test('a command whose signal has aborted before its call never runs', async ({ borrow, commands }) => {
      const instance = await borrow();
      const stream = instance.sendCommand(commands.echo('never'), { signal: AbortSignal.abort() });
      assert.deepEqual(await collect(stream), []);
      const result = await stream.result;
      assertCancelled(result);
      assert.deepEqual([result.durationMs, result.outputBytes], [0, 0]);
      const collected = await instance.sendCommandAndWait(commands.echo('never'), { signal: AbortSignal.abort() });
      assert.deepEqual([collected.status, collected.output], ['cancelled', '']);
    });

    cases.testWith(
      'interrupt',
      'interrupt() ends what runs as cancelled and sees its end; the queue goes on; false when nothing runs',
      async ({ borrow, commands }) => {
        const instance = await borrow();
        assert.equal(await instance.interrupt(), false);
        const { stream } = await hang(instance, commands);
        let ended = false;
        void stream.result.then(() => {
          ended = true;
        });
        const next = instance.sendCommandAndWait(commands.echo('next'));
        assert.equal(await instance.interrupt(), true);
        await nextTurn();
        assert.equal(ended, true, 'it resolves when the end was seen');
        assertCancelled(await stream.result);
        const { success, output } = await next;
        assert.deepEqual([success, output], [true, 'next']);
        assert.equal(await instance.interrupt(), false);
        await assertAnswers(instance, commands, 'not hit by an interrupt that came too late');
      },
      async ({ borrow }) => {
        const instance = await borrow();
        await refusal(instance.interrupt(), 'CCB_NOT_SUPPORTED');
      },
    );

    cases.test(
      'leaving the block of a stream cancels its command, unless it has ended',
      async ({ borrow, commands }) => {
        const instance = await borrow();
        const { stream } = await hang(instance, commands);
        await stream[Symbol.asyncDispose]();
        assertCancelled(await stream.result);
        const whole = instance.sendCommand(commands.echo('whole'));
        assert.equal(await joined(whole), 'whole');
        await whole[Symbol.asyncDispose]();
        assert.equal((await whole.result).status, 'completed');
      },
    );

    cases.test(
      'a command is cancelled in the middle of its output, and nothing of it gets into the next',
      async (bench) => {
        const instance = await bench.create();
        for (let round = 0; round < 3; round++) {
          const stream = instance.sendCommand(bench.commands.lines(200_000));
          for await (const text of stream) {
            assert.ok(text.startsWith('1\n') || text === '1', JSON.stringify(text.slice(0, 20)));
            break;
          }
          const result = await stream.result;
          // A fast program may have said it all before it was asked to stop.
          if (!result.success) assertCancelled(result);
          await assertAnswers(instance, bench.commands, `after ${round}`);
        }
      },
    );
  },
};

function assertCancelled({ success, status, completedBy, error }: CommandResult): void {
  assert.deepEqual([success, status, completedBy, error?.code], [false, 'cancelled', 'cancel', 'CCB_CANCELLED']);
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
