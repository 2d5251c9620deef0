import { expect, test } from 'vitest';
import { processesWith } from './proc.ts';
import { instanceVariable } from './strays.ts';
import { AgentPlace } from './testing/agent-place.ts';

/** What the instance's program started and is still there. */
const left = (place: AgentPlace): readonly number[] => processesWith(`${instanceVariable}=${place.instanceId}`);

/** A program that does not end by itself, and a child of it that left its group. */
async function busy(place: AgentPlace): Promise<void> {
  const client = await place.client(place.relay());
  const answer = client.run('trap "" TERM INT; setsid sleep 300 & echo begun; sleep 300');
  answer.result.catch(() => undefined);
  await answer.text({ cancelOnReturn: false })[Symbol.asyncIterator]().next();
}

test('it says whether an agent of the instance runs', async () => {
  await using place = new AgentPlace();
  const agent = await place.start();
  expect(await place.run('--alive', place.settingsFile)).toEqual({ code: 0, stdout: '', stderr: '' });
  agent.child.kill('SIGKILL');
  await agent.exit;
  expect(await place.run('--alive', place.settingsFile)).toEqual({ code: 1, stdout: '', stderr: '' });
  expect(await place.run('--alive', '/none.json')).toMatchObject({ code: 70 });
});

test('it ends an agent politely, and what that left', async () => {
  await using place = new AgentPlace();
  const agent = await place.start();
  await busy(place);
  expect(await place.run('--kill', place.settingsFile, '--grace-ms=20000')).toEqual({
    code: 0,
    stdout: '',
    stderr: '',
  });
  expect(await agent.exit).toBe(0);
  expect(left(place)).toEqual([]);
});

test('it ends a frozen agent by force, and its program', async () => {
  await using place = new AgentPlace();
  const agent = await place.start();
  await busy(place);
  agent.child.kill('SIGSTOP');
  expect(await place.run('--kill', place.settingsFile, '--grace-ms=100')).toEqual({ code: 0, stdout: '', stderr: '' });
  expect(await agent.exit).toBe('SIGKILL');
  expect(left(place)).toEqual([]);
});

test('it ends what an agent left that is gone, and has nothing against there being nothing', async () => {
  await using place = new AgentPlace();
  const agent = await place.start();
  await busy(place);
  agent.child.kill('SIGKILL');
  await agent.exit;
  expect(left(place)).not.toEqual([]);
  expect(await place.run('--kill', place.settingsFile)).toMatchObject({ code: 0 });
  expect(left(place)).toEqual([]);
  expect(await place.run('--kill', place.settingsFile)).toMatchObject({ code: 0 });
});
