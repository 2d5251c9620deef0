import { describe, expect, test } from 'vitest';
import { EventLog } from './event-log.ts';

const start = 1_700_000_000_000;
const line = (atMs: number, action = 'die', id = 'f00'): Buffer =>
  Buffer.from(
    `${JSON.stringify({ Type: 'container', Action: action, Actor: { ID: id }, timeNano: (start + atMs) * 1e6 })}\n`,
  );

describe('EventLog', () => {
  test('takes each event once', () => {
    const log = new EventLog(undefined);
    expect(log.take(line(0))?.event.action).toBe('die');
    expect(log.take(line(0))).toBeUndefined();
    expect(log.take(line(0, 'stop'))?.event.action).toBe('stop');
    expect(log.take(line(1))?.event.at).toEqual(new Date(start + 1));
  });

  test('goes on a second before the last event, and never before its start', () => {
    const log = new EventLog(new Date(start));
    expect(log.since).toEqual(new Date(start));
    log.take(line(400));
    expect(log.since).toEqual(new Date(start));
    log.take(line(5_000));
    log.take(line(4_990));
    expect(log.since).toEqual(new Date(start + 4_000));
  });

  test('knows no time without a clock, until the first event', () => {
    const log = new EventLog(undefined);
    expect(log.since).toBeUndefined();
    log.take(line(7_000));
    expect(log.since).toEqual(new Date(start + 7_000));
  });

  test('knows all events that a new stream repeats, and forgets the older', () => {
    const log = new EventLog(new Date(start));
    for (let at = 0; at < 10_000; at += 100) log.take(line(at));
    const since = (log.since?.getTime() ?? 0) - start;
    for (let at = since; at < 10_000; at += 100) expect(log.take(line(at))).toBeUndefined();
    expect(log.take(line(100))).toBeDefined();
  });
});
