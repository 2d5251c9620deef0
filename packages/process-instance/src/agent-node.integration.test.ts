import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { Sandbox } from './testing/sandbox.ts';

/** CCB_NODE_18: a Node of the oldest version that the agent runs on, where there is one. */
const oldest = process.env.CCB_NODE_18;
const nodes = [process.execPath, ...(oldest ? [oldest] : [])];

if (process.env.CI === 'true') {
  test('continuous integration has the oldest Node that the agent runs on', () => {
    expect(oldest).toMatch(/node$/);
  });
}

test.each(nodes)('an agent that runs on %s serves a host: commands, cancel, history, stop', async (node) => {
  await using sandbox = new Sandbox();
  const box = await sandbox.create('box');
  // Once, for the settings that a host writes.
  await box.start();
  await box.stop();
  const { agentFile, settings } = sandbox.layout('box');
  const agent = spawn(node, [agentFile, settings, '--ready-fd=3'], {
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  const exit = once(agent, 'exit');
  await once(agent.stdio[3] as NodeJS.ReadableStream, 'data');
  expect(await box.sendCommandAndWait('cd /usr; printf "\\xff"; echo é', { id: 'a' })).toMatchObject({
    output: '\ufffdé\n',
  });
  const long = box.sendCommand('echo begun; sleep 300');
  await long.text()[Symbol.asyncIterator]().next();
  expect(await long.cancel()).toMatchObject({ status: 'cancelled' });
  expect(await box.sendCommandAndWait('pwd')).toMatchObject({ output: '/usr\n' });
  const texts: string[] = [];
  for await (const text of box.resumeCommand('a').text()) texts.push(text);
  expect(texts.join('')).toBe('\ufffdé\n');
  expect(sandbox.agent('box')).toBe(agent.pid);
  await box.stop();
  expect(await exit).toEqual([0, null]);
});
