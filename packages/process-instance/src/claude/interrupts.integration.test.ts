import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { describeClaude, longTool, whenToolRuns } from '../testing/claude.ts';
import { Reading, read } from '../testing/reading.ts';

const cancelled = { success: false, status: 'cancelled', error: { code: 'CCB_CANCELLED' } };

describeClaude('an interrupt', (claude) => {
  const box = claude.shared({ permission: 'allow' });
  const expectExact = async (text: string): Promise<void> => {
    const next = await read(box().sendCommand(`say: ${text}`));
    expect(next.text).toBe(text);
    expect(next.events.filter(({ type }) => type !== 'text' && type !== 'end')).toEqual([]);
    expect(await next.stream.result).toMatchObject({ success: true });
  };

  test('ends a text in the middle of it', async () => {
    const reading = new Reading(box().sendCommand('slow: 100'));
    await reading.when(({ text }) => text.includes('w2 '));
    expect(await box().interrupt()).toBe(true);
    await reading.done;
    expect(await reading.stream.result).toMatchObject({ ...cancelled, stopReason: 'cancelled' });
    expect('w0 w1 w2 w3 w4 w5 w6 w7 w8 w9 '.startsWith(reading.text)).toBe(true);
    await expectExact('after a text');
  });

  test('ends what has not said a word yet, and never hits the next command', async () => {
    for (let round = 0; round < 6; round += 1) {
      const stream = box().sendCommand('slow: 100');
      // Once the agent has it; or at once, in every second round.
      if (round % 2 === 0) await box().getInfo();
      const result = await stream.cancel();
      expect(result).toMatchObject(cancelled);
      await expectExact(`after ${round}`);
    }
  });

  test('ends a tool and its process', async () => {
    const path = join(claude.sandbox.workspace, 'interrupted');
    const reading = new Reading(box().sendCommand(longTool('interrupted')));
    const tool = await whenToolRuns(path);
    const { pid } = (await box().getInfo()).program;
    expect(claude.processes(box())).toContain(tool);
    expect(await box().interrupt()).toBe(true);
    await reading.done;
    expect(await reading.stream.result).toMatchObject(cancelled);
    // It was killed; the kernel takes some ms.
    await expect.poll(() => claude.processes(box()), { timeout: 1_000, interval: 10 }).toEqual([pid]);
    expect(reading.of('tool_call_update').at(-1)).toMatchObject({ status: 'failed' });
    await expectExact('after a tool');
    rmSync(path);
  });

  test('does nothing where nothing runs, and all of it was one Claude Code', async () => {
    const { pid } = (await box().getInfo()).program;
    expect(await box().interrupt()).toBe(false);
    await expectExact('again');
    expect((await box().getInfo()).program.pid).toBe(pid);
    expect(await box().sendCommandAndWait('recall')).toMatchObject({
      output: expect.stringMatching(/^slow: 100\nsay: after a text\n[\s\S]*say: after a tool\nsay: again\n$/),
    });
  });

  test('is what a deadline does too', async () => {
    const late = await box().sendCommandAndWait('hang', { timeoutMs: 500 });
    expect(late).toMatchObject({ status: 'timeout', error: { code: 'CCB_TIMEOUT' }, output: 'begun\n' });
    await expectExact('in time');
  });
});
