import { InstanceError } from '@ccb/instance-interface';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { exitOf } from './exec-exit.ts';

const open = new AbortController().signal;

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => void vi.useRealTimers());

async function ask(answers: (asked: number) => Promise<number | undefined | 'running'>, closed: AbortSignal = open) {
  const at: number[] = [];
  const start = performance.now();
  const exit = exitOf(() => {
    at.push(Math.round(performance.now() - start));
    return answers(at.length);
  }, closed);
  await vi.advanceTimersByTimeAsync(6_000);
  return { exit: await exit, at };
}

describe('exitOf', () => {
  test('is the first status that the engine names', async () => {
    expect(await ask(async () => 137)).toEqual({ exit: 137, at: [0] });
    expect(await ask(async () => 0)).toEqual({ exit: 0, at: [0] });
  });

  test('is asked again, in growing pauses, while the engine does not know or thinks that it runs', async () => {
    const { exit, at } = await ask(async (asked) => (asked < 3 ? undefined : asked < 5 ? 'running' : 4));
    expect({ exit, at }).toEqual({ exit: 4, at: [0, 5, 15, 35, 75] });
  });

  test('is asked again when the engine did not answer', async () => {
    const { exit } = await ask((asked) =>
      asked === 1 ? Promise.reject(new Error('ECONNREFUSED')) : Promise.resolve(2),
    );
    expect(exit).toBe(2);
  });

  test('is unknown after 5 s', async () => {
    const { exit, at } = await ask(async () => 'running');
    expect(exit).toBeUndefined();
    expect(at.at(-1)).toBeGreaterThan(4_000);
    expect(at.at(-1)).toBeLessThanOrEqual(5_000);
    expect(at.length).toBeLessThan(20);
  });

  test('is unknown after 5 s, though the engine never answers', async () => {
    expect(await ask(() => new Promise(() => {}))).toEqual({ exit: undefined, at: [0] });
    expect(vi.getTimerCount()).toBe(0);
  });

  test('is unknown at once when the engine has forgotten the exec', async () => {
    const { exit, at } = await ask(() => Promise.reject(new InstanceError('CCB_NOT_FOUND', 'No such exec.')));
    expect({ exit, at }).toEqual({ exit: undefined, at: [0] });
  });

  test('is unknown at once when the session is closed, and leaves no timer', async () => {
    const closing = new AbortController();
    const exit = exitOf(async () => 'running', closing.signal);
    await vi.advanceTimersByTimeAsync(50);
    closing.abort();
    expect(await exit).toBeUndefined();
    expect(vi.getTimerCount()).toBe(0);
  });
});
