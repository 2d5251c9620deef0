import { describe, expect, test } from 'vitest';
import { hanging, ScriptedInstance } from '../testing/scripted.ts';

describe('getInfo', () => {
  test('joins what the handle knows with what the backend says', async () => {
    const instance = new ScriptedInstance({
      ...hanging('x'),
      info: async () => ({ transport: 'fifo', pingMs: 0.3, program: { name: 'echo', pid: 7 } }),
    });
    expect(await instance.getInfo()).toEqual({
      name: 'scripted',
      type: 'scripted',
      state: 'stopped',
      createdAt: '2026-01-02T03:04:05.000Z',
      program: { name: 'echo', pid: 7 },
      transport: 'fifo',
      pingMs: 0.3,
      queued: 0,
    });
    await instance.start();
    instance.sendCommand('a', { id: 'c1' });
    instance.sendCommand('b');
    expect(await instance.getInfo()).toMatchObject({
      state: 'running',
      startedAt: expect.stringMatching(/Z$/),
      command: { id: 'c1', startedAt: expect.stringMatching(/Z$/) },
      queued: 1,
    });
    await instance.cleanup();
    expect(await instance.getInfo()).toMatchObject({ state: 'closed', program: { name: 'echo' } });
  });

  test('a backend that does not answer is a problem, not a rejection', async () => {
    const failing = new ScriptedInstance({ info: () => Promise.reject(new Error('no engine')) });
    expect((await failing.getInfo()).problem).toBe('no engine');
    const hangs = new ScriptedInstance({ info: () => new Promise(() => {}) });
    expect((await hangs.getInfo({ timeoutMs: 5 })).problem).toMatch(/getInfo did not end within 5 ms/);
  });

  test('a signal ends the wait with its reason', async () => {
    const controller = new AbortController();
    const instance = new ScriptedInstance({ info: () => new Promise(() => {}) });
    const info = instance.getInfo({ signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(info).rejects.toThrow('enough');
  });
});

describe('isRunning', () => {
  test('is a fresh answer of the backend; why it is false is the problem', async () => {
    const instance = new ScriptedInstance();
    await instance.start();
    await expect(instance.isRunning()).resolves.toBe(true);
    instance.script.probe = async () => false;
    await expect(instance.isRunning()).resolves.toBe(false);
    expect((await instance.getInfo()).problem).toMatch(/does not answer, or is suspended/);
    instance.script.probe = () => Promise.reject(new Error('no engine'));
    await expect(instance.isRunning()).resolves.toBe(false);
    expect((await instance.getInfo()).problem).toBe('no engine');
    instance.script.probe = () => new Promise(() => {});
    await expect(instance.isRunning({ timeoutMs: 5 })).resolves.toBe(false);
    expect((await instance.getInfo()).problem).toMatch(/isRunning did not end within 5 ms/);
    delete instance.script.probe;
    await expect(instance.isRunning()).resolves.toBe(true);
    expect((await instance.getInfo()).problem).toBeUndefined();
  });

  test('a signal ends the wait with its reason', async () => {
    const instance = new ScriptedInstance({ probe: () => new Promise(() => {}) });
    await instance.start();
    await expect(instance.isRunning({ signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
  });
});

test('capabilities and record are frozen; what was not named is false', () => {
  const instance = new ScriptedInstance({}, { capabilities: { exitCode: true } });
  expect(instance.capabilities).toEqual({
    interrupt: false,
    permissions: false,
    exitCode: true,
    exactOutput: false,
    resume: false,
    history: false,
    detach: false,
  });
  expect(Object.isFrozen(instance.capabilities)).toBe(true);
  expect(Object.isFrozen(instance.record)).toBe(true);
  expect(instance.record.name).toBe('scripted');
});
