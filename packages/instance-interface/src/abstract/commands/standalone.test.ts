import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Answer } from '../answer/answer.ts';
import { createAnswer, resumeAnswer, type StandaloneEvents } from './standalone.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function recorder(cancel: () => Promise<void> = async () => {}) {
  const said: string[] = [];
  const events: StandaloneEvents = {
    cancel: ({ id }, reason) => {
      said.push(`cancel ${id} ${reason}`);
      return cancel();
    },
    forget: ({ id }) => void said.push(`forget ${id}`),
  };
  return { said, events };
}

function finish(answer: Answer): void {
  const { id } = answer;
  const result = { id, durationMs: 1, outputBytes: 2, completedBy: 'program', inferred: false } as const;
  answer.end({ ...result, success: true, status: 'completed' }, { cursor: 'j.2', at: 'now', seq: 2 });
}

describe('an answer outside of any instance', () => {
  it('is fed by its maker and read by its caller', async () => {
    const { said, events } = recorder();
    const { answer, stream } = createAnswer('ls', { id: 'a', timeoutMs: 1_000 }, events);
    expect(answer).toMatchObject({ id: 'a', text: 'ls', stderr: 'separate', resumed: false, remainingMs: 1_000 });
    answer.push({ type: 'text', text: 'hi', cursor: 'j.1', at: 'now' }, 1);
    finish(answer);
    const texts: string[] = [];
    for await (const text of stream) texts.push(text);
    expect(texts).toEqual(['hi']);
    expect(await stream.result).toMatchObject({ success: true });
    expect([said, vi.getTimerCount()]).toEqual([[], 0]);
  });

  it.each([
    [undefined, 'deny'],
    ['allow', 'allow'],
    [() => 'allow_once', 'ask'],
  ] as const)('says that a permission of %s is answered by %s', (permission, expected) => {
    const { events } = recorder();
    expect(createAnswer('ls', { permission }, events).answer.permission).toBe(expected);
    expect(resumeAnswer('a', { permission }, events).answer.permission).toBe(expected);
  });

  it('gets an id of its own', () => {
    const { events } = recorder();
    expect(createAnswer('ls', {}, events).answer.id).toMatch(/^[0-9a-f-]{36}$/);
  });

  it.each([
    ['', {}],
    ['ls', { timeoutMs: -1 }],
    ['ls', { id: '' }],
  ])('refuses %j with %j', (text, options) => {
    expect(() => createAnswer(text, options, recorder().events)).toThrow(TypeError);
  });

  it.each([
    ['its deadline', 'timeout'],
    ['its signal', 'cancelled'],
    ['cancel()', 'cancelled'],
  ])('asks for its end at %s, once', async (how, reason) => {
    const { said, events } = recorder();
    const controller = new AbortController();
    const { answer, stream } = createAnswer('ls', { id: 'a', timeoutMs: 50, signal: controller.signal }, events);
    if (how === 'its signal') controller.abort();
    if (how === 'cancel()') void stream.cancel();
    await vi.advanceTimersByTimeAsync(100);
    expect(said).toEqual([`cancel a ${reason}`]);
    expect(answer.cancelRequested).toBe(reason);
    finish(answer);
    expect((await stream.result).success).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is settled without its maker a minute after its end was asked for', async () => {
    const { said, events } = recorder();
    const { stream } = createAnswer('ls', { id: 'a', timeoutMs: 50 }, events);
    await vi.advanceTimersByTimeAsync(60_050);
    expect(await stream.result).toMatchObject({ status: 'timeout', error: { code: 'CCB_TIMEOUT' } });
    expect([said, vi.getTimerCount()]).toEqual([['cancel a timeout', 'forget a'], 0]);
  });

  it('is settled at once when its end cannot be asked for', async () => {
    const { said, events } = recorder(() => Promise.reject(new Error('away')));
    const { stream } = createAnswer('ls', { id: 'a' }, events);
    expect(await stream.cancel()).toMatchObject({
      status: 'cancelled',
      error: { message: expect.stringContaining('away') },
    });
    expect(said).toEqual(['cancel a cancelled', 'forget a']);
  });

  it('is settled before it begins when its signal has aborted already', async () => {
    const { said, events } = recorder();
    const { answer, stream } = createAnswer('ls', { signal: AbortSignal.abort() }, events);
    expect(answer.settled).toBe(true);
    expect(await stream.result).toMatchObject({ status: 'cancelled' });
    expect(said).toEqual([]);
  });

  it.each([
    ['deadline', 'CCB_TIMEOUT'],
    ['signal', 'CCB_ABORTED'],
  ])('that is resumed ends its wait alone at its %s', async (how, code) => {
    const { said, events } = recorder();
    const controller = new AbortController();
    const options = how === 'signal' ? { signal: controller.signal } : { timeoutMs: 50 };
    const { answer, stream } = resumeAnswer('a', { ...options, after: 'j.7' }, events);
    expect(answer).toMatchObject({ resumed: true, after: 'j.7', text: '', remainingMs: undefined });
    controller.abort();
    await vi.advanceTimersByTimeAsync(50);
    await expect(stream.result).rejects.toMatchObject({ code, message: expect.stringContaining('goes on') });
    expect([said, vi.getTimerCount()]).toEqual([['forget a'], 0]);
  });
});
