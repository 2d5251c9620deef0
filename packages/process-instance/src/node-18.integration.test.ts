import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { Sandbox } from './testing/sandbox.ts';

const node18 = process.env.CCB_NODE_18;

describe.runIf(node18)('the agent on Node 18', () => {
  test('serves a host on this Node: commands, interrupt, history, stop', async () => {
    await using sandbox = new Sandbox();
    const box = await sandbox.create('box');
    // Once, for the settings that a host writes.
    await box.start();
    await box.stop();
    const { agentFile, settings } = sandbox.layout('box');
    const agent = spawn(node18 as string, [agentFile, settings, '--ready-fd=3'], {
      env: { PATH: process.env.PATH },
      stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
    });
    const exit = once(agent, 'exit');
    await once(agent.stdio[3] as NodeJS.ReadableStream, 'data');
    expect(await box.sendCommandAndWait('cd /usr; printf "\\xff"; echo é', { id: 'a' })).toMatchObject({
      output: '\ufffdé\n',
    });
    const long = box.sendCommand('sleep 300');
    await long.cancel();
    expect(await box.sendCommandAndWait('pwd')).toMatchObject({ output: '/usr\n' });
    expect(sandbox.agent('box')).toBe(agent.pid);
    await box.stop();
    expect(await exit).toEqual([0, null]);
  });
});
