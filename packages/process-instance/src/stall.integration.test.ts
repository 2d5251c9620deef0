import { expect, test } from 'vitest';
import type { ProcessInstance } from './process-instance.ts';
import { Sandbox } from './testing/sandbox.ts';

/** What is told of a command whose shell is stopped in the middle of it; then it goes on. */
async function toldOfFreezing(box: ProcessInstance): Promise<unknown> {
  const { program } = await box.getInfo();
  const pid = program.pid as number;
  const stream = box.sendCommand('echo up; sleep 0.2; echo done');
  let told: unknown;
  for await (const event of stream.events()) {
    if (event.type === 'text' && event.text === 'up\n') process.kill(pid, 'SIGSTOP');
    if (event.type !== 'status' || event.status !== 'stalled') continue;
    told = event;
    process.kill(pid, 'SIGCONT');
  }
  expect(await stream.result).toMatchObject({ success: true });
  return told;
}

test('how long a silence may be is kept with the instance, for the agent of today and those to come', async () => {
  await using sandbox = new Sandbox();
  const made = await sandbox.create('box', { stall: { afterMs: 300, limitsMs: { frozen: 60_000 } } });
  await made.start();
  const frozen = { cause: 'frozen', message: expect.stringMatching(/^silent for .* is stopped$/) };
  expect(await toldOfFreezing(made)).toMatchObject(frozen);
  const written = JSON.parse(JSON.stringify(made.record));
  await made.stop();
  await made.detach();
  const opened = await sandbox.open(written);
  await opened.start();
  expect(await toldOfFreezing(opened)).toMatchObject(frozen);
});
