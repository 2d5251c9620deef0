import assert from 'node:assert/strict';
import { type CommandResult, InstanceError } from '@ccb/instance-interface';
import type { Group } from '../bench.ts';
import { assertAnswers } from '../scene/answering.ts';
import { hang } from '../scene/hanging.ts';
import { collect, joined } from '../scene/reading.ts';

export const timeouts: Group = {
  name: 'time-outs',
  define(cases) {
    cases.test('a running command ends at its deadline, in the program too, and the next one runs', async (bench) => {
      const instance = await bench.borrow();
      const sentAt = performance.now();
      const stream = instance.sendCommand(bench.commands.hang(), { timeoutMs: 1_000 });
      const next = instance.sendCommandAndWait(bench.commands.echo('next'));
      const text = await joined(stream);
      assert.ok(text === 'begun\n' || text === '', JSON.stringify(text));
      const result = await stream.result;
      assertTimedOut(result);
      const { durationMs } = result;
      assert.ok(durationMs > 500 && durationMs <= performance.now() - sentAt + 1, `it ran for ${durationMs} ms`);
      assert.equal((await next).output, 'next');
    });

    cases.test('a command that waits ends at its deadline, never runs, and the others stay', async (bench) => {
      const instance = await bench.borrow();
      const { stream, reader } = await hang(instance, bench.commands);
      const late = instance.sendCommand(bench.commands.echo('late'), { timeoutMs: 100 });
      const patient = instance.sendCommandAndWait(bench.commands.echo('patient'), { timeoutMs: 60_000 });
      assert.deepEqual(await collect(late), []);
      const result = await late.result;
      assertTimedOut(result);
      assert.deepEqual([result.durationMs, result.outputBytes], [0, 0]);
      assert.equal((await instance.getInfo()).command?.id, stream.id, 'the running one goes on');
      await stream.cancel();
      assert.equal((await reader.next()).done, true);
      const answered = await patient;
      assert.deepEqual([answered.status, answered.output], ['completed', 'patient']);
    });

    cases.test('the time of a command counts from its call, not from its begin', async (bench) => {
      const instance = await bench.borrow();
      const timeoutMs = 1_500;
      const [first, second] = [1, 2].map(() => instance.sendCommand(bench.commands.hang(), { timeoutMs }).result);
      assertTimedOut(await first);
      const result = await second;
      assertTimedOut(result);
      assert.ok((result?.durationMs ?? timeoutMs) < timeoutMs / 2, `it ran for ${result?.durationMs} ms of its own`);
    });

    cases.test('the time of a command counts while its instance is started', async (bench) => {
      const instance = await bench.create();
      const started = instance.start();
      const stream = instance.sendCommand(bench.commands.hang(), { timeoutMs: 1 });
      assertTimedOut(await stream.result);
      await started;
      await assertAnswers(instance, bench.commands, 'started after all');
    });

    cases.test('the deadline of a start ends the wait of its caller alone', async (bench) => {
      const instance = await bench.create();
      const hurried = instance.start({ timeoutMs: 1 });
      const patient = instance.start();
      try {
        await hurried;
      } catch (error) {
        assert.ok(InstanceError.is(error, 'CCB_TIMEOUT'), String(error));
      }
      await patient;
      assert.equal(instance.state, 'running');
      await assert.rejects(instance.stop({ timeoutMs: -1 }), TypeError);
      await assert.rejects(instance.stop({ graceMs: -1 }), TypeError);
    });
  },
};

function assertTimedOut(result: CommandResult | undefined): void {
  const { success, status, completedBy, error } = result ?? assert.fail('no result');
  assert.deepEqual([success, status, completedBy, error?.code], [false, 'timeout', 'deadline', 'CCB_TIMEOUT']);
}
