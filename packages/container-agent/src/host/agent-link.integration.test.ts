import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StateChange } from '@ccb/instance-interface';
import { makeFifo } from '@ccb/named-pipe/fifo';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Agent } from '../agent/agent.ts';
import { instanceLayout } from './layout.ts';
import { RelayedInstance } from './testing/relayed-instance.ts';

let root: string;
let agent: Agent;
let box: RelayedInstance;
let states: string[];

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'ccb-link-'));
  const layout = instanceLayout(join(root, 'box'), 'box');
  for (const path of [layout.pipesDirectory, layout.state]) mkdirSync(path, { recursive: true, mode: 0o700 });
  for (const kind of ['in', 'out', 'ctl']) await makeFifo(`${layout.pipes}.${kind}.fifo`);
  const settings = {
    version: 1 as const,
    name: 'box',
    instanceId: `test-${process.pid}-link`,
    pipes: layout.pipes,
    state: layout.state,
    program: 'shell',
    programArgs: [],
    workspace: root,
    env: { PATH: process.env.PATH ?? '/usr/bin:/bin', HOME: root },
    secrets: [],
  };
  agent = await Agent.start(settings, '0.0.0', () => {});
  const record = { version: 1, name: 'box', type: 'relayed', createdAt: new Date().toISOString(), program: 'shell' };
  box = new RelayedInstance({ ...record, version: 1, data: {} }, layout.pipes);
  states = [];
  box.onStateChange(({ to }) => states.push(to));
});
afterEach(async () => {
  await box.cleanup();
  await agent[Symbol.asyncDispose]();
  rmSync(root, { recursive: true, force: true });
});

function moved(to: StateChange['to']): Promise<StateChange> {
  return new Promise((resolve) => {
    const off = box.onStateChange((change) => {
      if (change.to !== to) return;
      off();
      resolve(change);
    });
  });
}

test('an answer is exact though its relay is killed again and again in the middle of it', async () => {
  const count = 1_000_000;
  const pieces: string[] = [];
  let length = 0;
  let killed = 0;
  const stream = box.sendCommand(`seq 1 ${count}`);
  for await (const text of stream) {
    pieces.push(text);
    length += text.length;
    if (length >= (killed + 1) * 300_000 && (await box.killRelay())) killed += 1;
  }
  expect(await stream.result).toMatchObject({ success: true });
  const lines = pieces.join('').split('\n');
  expect(lines.length).toBe(count + 1);
  expect(lines.findIndex((line, index) => line !== (index < count ? String(index + 1) : ''))).toBe(-1);
  expect(killed).toBeGreaterThan(2);
  expect(box.relays).toBe(killed + 1);
  expect(states).toContain('unreachable');
  expect(await box.sendCommandAndWait('echo fine')).toMatchObject({ output: 'fine\n' });
});

test('a relay that dies before it has reached the agent is followed by another one, and no wait for it', async () => {
  await makeFifo(join(root, 'go'));
  const texts: string[] = [];
  for await (const text of box.sendCommand('echo begun; cat go')) {
    texts.push(text);
    if (texts.length > 1) continue;
    box.stillborn = 2;
    const back = moved('running');
    await box.killRelay();
    await back;
    writeFileSync(join(root, 'go'), 'done\n');
  }
  expect(texts.join('')).toBe('begun\ndone\n');
  expect(box.relays).toBe(4);
});

test('a first relay that dies at once is told at once, as what it is, and another start may try again', async () => {
  box.stillborn = 1;
  const before = performance.now();
  await expect(box.start()).rejects.toMatchObject({
    code: 'CCB_AGENT_UNREACHABLE',
    message: expect.stringContaining('The stream has ended'),
  });
  expect(performance.now() - before).toBeLessThan(5_000);
  expect(box.state).toBe('failed');
  expect(await box.sendCommandAndWait('echo fine')).toMatchObject({ output: 'fine\n' });
});

test('a relay that dies while nobody waits is the end of the agent, unless the backend knows better', async () => {
  await box.start();
  const stopped = moved('stopped');
  await box.killRelay();
  expect(await stopped).toMatchObject({ reason: expect.stringMatching(/^the agent ended \(e/) });

  expect(await box.sendCommandAndWait('x=5; echo $x')).toMatchObject({ output: '5\n' });
  box.idle = (reason) => box.moved('unreachable', `the relay is gone (${reason})`);
  const unreachable = moved('unreachable');
  await box.killRelay();
  expect(await unreachable).toMatchObject({ reason: expect.stringMatching(/^the relay is gone/) });
  expect(await box.sendCommandAndWait('echo $x')).toMatchObject({ output: '5\n' });
});
