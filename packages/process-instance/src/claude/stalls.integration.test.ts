import { expect, test } from 'vitest';
import { describeClaude } from '../testing/claude.ts';
import { Reading } from '../testing/reading.ts';

describeClaude('a silence', (claude) => {
  const box = claude.shared({ permission: 'allow', stall: { afterMs: 300, limitsMs: { thinking: 2_500 } } });
  const stalled = (reading: Reading) => reading.of('status').filter(({ status }) => status === 'stalled');

  test('of the model is told as thinking, as long as the connection stands, and ended at its limit', async () => {
    const reading = new Reading(box().sendCommand('hang'));
    await reading.done;
    expect(stalled(reading)).toMatchObject([
      {
        cause: 'thinking',
        message: expect.stringMatching(/^silent for .* waits for the model: its connection stands$/),
      },
    ]);
    expect(await reading.stream.result).toMatchObject({
      status: 'failed',
      error: { code: 'CCB_STALLED', retryable: true, message: expect.stringContaining('thinking') },
    });
    expect(await box().sendCommandAndWait('say: on')).toMatchObject({ success: true, output: 'on' });
  });

  test('of a tool is told with the process that runs', async () => {
    const reading = new Reading(box().sendCommand('bash: true; sleep 100; true'));
    await reading.when((each) => stalled(each).length > 0);
    expect(stalled(reading)).toMatchObject([
      {
        cause: 'tool',
        message: expect.stringMatching(
          /^silent for .*: Bash: true; sleep 100; true runs for \d s: process \d+, `sleep 100`,/,
        ),
      },
    ]);
    expect(await reading.stream.cancel()).toMatchObject({ status: 'cancelled' });
  });
});
