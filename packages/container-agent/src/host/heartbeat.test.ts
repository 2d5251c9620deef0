import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Heartbeat } from './heartbeat.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function scene() {
  const said: string[] = [];
  const heartbeat = new Heartbeat(15_000, {
    beat: () => said.push('beat'),
    silent: () => said.push('silent'),
    heard: () => said.push('heard'),
  });
  return { said, heartbeat };
}

describe('Heartbeat', () => {
  it('asks three times and counts an agent as silent at the limit, once', () => {
    const { said, heartbeat } = scene();
    heartbeat.start();
    vi.advanceTimersByTime(14_999);
    expect(said).toEqual(['beat', 'beat', 'beat']);
    vi.advanceTimersByTime(60_000);
    expect(said.filter((each) => each === 'silent')).toHaveLength(1);
    heartbeat.stop();
  });

  it('takes anything for a sign of life', () => {
    const { said, heartbeat } = scene();
    heartbeat.start();
    for (let i = 0; i < 20; i += 1) {
      vi.advanceTimersByTime(10_000);
      heartbeat.heard();
    }
    expect(said).not.toContain('silent');
    heartbeat.stop();
  });

  it('says when a silent agent speaks again, and notices the next silence', () => {
    const { said, heartbeat } = scene();
    heartbeat.start();
    vi.advanceTimersByTime(15_000);
    heartbeat.heard();
    heartbeat.heard();
    vi.advanceTimersByTime(15_000);
    expect(said.filter((each) => each !== 'beat')).toEqual(['silent', 'heard', 'silent']);
    heartbeat.stop();
  });

  it('leaves no timer', () => {
    const { heartbeat } = scene();
    heartbeat.start();
    heartbeat.start();
    heartbeat.stop();
    expect(vi.getTimerCount()).toBe(0);
  });
});
