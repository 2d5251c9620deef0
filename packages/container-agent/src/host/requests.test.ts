import { InstanceError } from '@ccb/instance-interface';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Requests } from './requests.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const gone = new InstanceError('CCB_BACKEND_UNREACHABLE', 'gone');

describe('Requests', () => {
  it('gives the answer to all who asked the same', async () => {
    const requests = new Requests();
    const asked = [1, 2].map(() => requests.ask('k', 'it', { timeoutMs: 100 }));
    expect(requests.answer('k', 'yes')).toBe(true);
    expect(await Promise.all(asked)).toEqual(['yes', 'yes']);
    expect([requests.answer('k', 'again'), requests.size, vi.getTimerCount()]).toEqual([false, 0, 0]);
  });

  it('ends each wait at its own deadline, the others go on', async () => {
    const requests = new Requests();
    const short = requests.ask('k', 'ping', { timeoutMs: 10 });
    const long = requests.ask('k', 'ping', { timeoutMs: 1_000 });
    const late = expect(short).rejects.toMatchObject({
      code: 'CCB_TIMEOUT',
      retryable: true,
      message: expect.stringMatching(/did not answer ping within 10 ms.*timeoutMs/),
    });
    await vi.advanceTimersByTimeAsync(10);
    await late;
    requests.answer('k', 7);
    expect(await long).toBe(7);
  });

  it('ends with the reason of the signal, then or at once, and leaves no listener', async () => {
    const requests = new Requests();
    const controller = new AbortController();
    const removed = vi.spyOn(controller.signal, 'removeEventListener');
    const asked = requests.ask('k', 'it', { timeoutMs: 100, signal: controller.signal });
    controller.abort('enough');
    await expect(asked).rejects.toBe('enough');
    await expect(requests.ask('k', 'it', { timeoutMs: 100, signal: controller.signal })).rejects.toBe('enough');
    expect([requests.size, vi.getTimerCount(), removed.mock.calls.length]).toEqual([0, 0, 1]);
  });

  it('fails all, or all but one kind', async () => {
    const requests = new Requests();
    const hello = requests.ask('hello', 'hello', { timeoutMs: 100 });
    const ping = requests.ask('pong 1', 'ping', { timeoutMs: 100 });
    requests.failAllBut('hello', gone);
    await expect(ping).rejects.toBe(gone);
    expect(requests.size).toBe(1);
    requests.failAll(gone);
    await expect(hello).rejects.toBe(gone);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('takes a deadline longer than a timer can hold for the longest that it can', async () => {
    const requests = new Requests();
    const asked = requests.ask('k', 'it', { timeoutMs: 2 ** 40 });
    await vi.advanceTimersByTimeAsync(1_000);
    requests.answer('k', 1);
    expect(await asked).toBe(1);
  });
});
