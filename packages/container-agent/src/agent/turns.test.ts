import { rmSync } from 'node:fs';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { DriverError } from '../drivers/driver-error.ts';
import { Rig, settle } from './testing/rig.ts';
import { success } from './testing/scripted-driver.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] }));
afterEach(() => void vi.useRealTimers());

async function running(id = 'a', timeoutMs?: number): Promise<Rig> {
  const rig = new Rig();
  rig.command(id, 'text', timeoutMs);
  await settle();
  expect(rig.turns.current?.id).toBe(id);
  return rig;
}

test('the begin is in the journal before the program gets the command', async () => {
  const rig = new Rig();
  const run = rig.driver.run.bind(rig.driver);
  let begun: unknown;
  rig.driver.run = (turn) => {
    begun = rig.journal.lookup(turn.id);
    return run(turn);
  };
  rig.command('a');
  await settle();
  expect(begun).toMatchObject({ beginSeq: 1 });
});

test('commands run one after the other, in the order they came', async () => {
  const rig = await running();
  rig.command('b');
  rig.command('c');
  rig.driver.turn.write('stdout', 'A');
  rig.driver.turn.end();
  await settle();
  rig.driver.turn.write('stdout', 'B');
  rig.driver.turn.end();
  await settle();
  rig.driver.turn.end();
  await settle();
  expect(rig.frames.map((frame) => `${frame.type} ${frame.id}`)).toEqual([
    'begin a',
    'event a',
    'end a',
    'begin b',
    'event b',
    'end b',
    'begin c',
    'end c',
  ]);
  expect(rig.end('a')?.result).toMatchObject({ success: true, exitCode: 0, outputBytes: 1, completedBy: 'program' });
  expect(rig.sent).toEqual(rig.frames);
});

test('an id that was seen is replayed from its begin, running, waiting or ended, and never run again', async () => {
  const rig = await running();
  rig.command('b');
  expect(rig.command('a')).toMatchObject({ beginSeq: 1 });
  expect(rig.command('b')).toBeUndefined();
  rig.driver.turn.end();
  await settle();
  rig.driver.turn.end();
  await settle();
  expect(rig.command('a')).toMatchObject({ beginSeq: 1 });
  expect(rig.command('b')).toMatchObject({ beginSeq: 3 });
  await settle();
  expect(rig.driver.turns).toHaveLength(2);
});

test('an id with another text is a conflict, running, waiting or ended', async () => {
  const rig = await running();
  rig.command('b');
  const conflict = expect.objectContaining({ code: 'CCB_ID_CONFLICT' });
  expect(() => rig.command('a', 'other')).toThrow(conflict);
  expect(() => rig.command('b', 'other')).toThrow(conflict);
  rig.driver.turn.end();
  await settle();
  expect(() => rig.command('a', 'other')).toThrow(conflict);
});

test('a full queue is said to be busy, and takes commands again when there is room', async () => {
  const rig = await running();
  for (let i = 0; i < 1_000; i += 1) rig.command(`q${i}`);
  expect(() => rig.command('one more')).toThrow(expect.objectContaining({ code: 'CCB_BUSY', retryable: true }));
  rig.turns.cancel('q0', 'cancelled');
  rig.command('one more');
});

test('a command cancelled while it waits never begins, and the others move up', async () => {
  const rig = await running();
  rig.command('b');
  rig.command('c');
  rig.turns.cancel('b', 'cancelled');
  expect(rig.refusals).toMatchObject([{ id: 'b', code: 'CCB_CANCELLED' }]);
  rig.driver.turn.end();
  await settle();
  expect(rig.turns.current?.id).toBe('c');
  expect(rig.journal.lookup('b')).toBeUndefined();
});

test('a cancelled command is interrupted at once, and the program that obeys is left in peace', async () => {
  const rig = await running();
  rig.driver.onInterrupt = () => rig.driver.turn.end({ success: false, completedBy: 'program', exitCode: 130 });
  rig.turns.cancel('a', 'cancelled');
  await settle();
  expect(rig.end('a')?.result).toMatchObject({
    status: 'cancelled',
    completedBy: 'cancel',
    exitCode: 130,
    error: { code: 'CCB_CANCELLED' },
  });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(rig.driver.asked).toEqual(['start', 'run a', 'interrupt']);
});

test('a program that ignores the interrupt gets SIGTERM after 10 s and SIGKILL 2 s later, and is started again', async () => {
  const rig = await running();
  rig.command('b');
  rig.turns.cancel('a', 'cancelled');
  rig.turns.cancel('a', 'timeout');
  await vi.advanceTimersByTimeAsync(9_999);
  expect(rig.driver.asked).toEqual(['start', 'run a', 'interrupt']);
  await vi.advanceTimersByTimeAsync(1);
  expect(rig.driver.asked.at(-1)).toBe('SIGTERM');
  await vi.advanceTimersByTimeAsync(1_999);
  expect(rig.driver.asked.at(-1)).toBe('SIGTERM');
  await vi.advanceTimersByTimeAsync(1);
  expect(rig.driver.asked).toContain('SIGKILL');
  expect(rig.end('a')?.result).toMatchObject({ status: 'cancelled' });
  await vi.advanceTimersByTimeAsync(1_000);
  await settle();
  expect(rig.driver.asked.slice(-2)).toEqual(['start', 'run b']);
  expect(rig.frames.at(-1)).toMatchObject({ id: 'b', event: { type: 'status', status: 'restarted' } });
});

test('a deadline is kept by the agent itself, running and waiting', async () => {
  const rig = await running('a', 5_000);
  rig.command('b', 'text', 2_000);
  rig.driver.onInterrupt = () => rig.driver.turn.end();
  await vi.advanceTimersByTimeAsync(2_000);
  expect(rig.refusals).toMatchObject([{ id: 'b', code: 'CCB_TIMEOUT' }]);
  await vi.advanceTimersByTimeAsync(3_000);
  await settle();
  expect(rig.end('a')?.result).toMatchObject({ status: 'timeout', completedBy: 'deadline', success: false });
});

test('a deadline does not outlive its command, and one beyond what a timer takes is no deadline of 1 ms', async () => {
  const rig = await running('a', 1_000);
  rig.driver.turn.end();
  await settle();
  rig.command('b', 'text', Number.MAX_SAFE_INTEGER);
  await vi.advanceTimersByTimeAsync(100_000);
  expect(rig.driver.asked).not.toContain('interrupt');
});

test('an interrupt resolves with the id when the end is journaled and sent; with nothing when nothing runs', async () => {
  const rig = await running();
  rig.driver.onInterrupt = () => rig.driver.turn.end();
  let seen: unknown;
  const interrupted = rig.turns.interrupt().then((id) => {
    seen = rig.sent.at(-1);
    return id;
  });
  expect(await interrupted).toBe('a');
  expect(seen).toMatchObject({ type: 'end', id: 'a' });
  expect(await rig.turns.interrupt()).toBeUndefined();
});

test('a program that cannot start refuses all that wait, at once, and nothing was begun', async () => {
  const rig = new Rig();
  rig.driver.starts.push(() => Promise.reject(new DriverError('CCB_PROGRAM_NOT_FOUND', 'no such program')));
  for (const id of ['a', 'b', 'c']) rig.command(id);
  await settle();
  expect(rig.refusals.map(({ id, code }) => `${id} ${code}`)).toEqual(
    ['a', 'b', 'c'].map((id) => `${id} CCB_PROGRAM_NOT_FOUND`),
  );
  expect(rig.frames).toEqual([]);
  rig.command('d');
  await vi.advanceTimersByTimeAsync(100);
  await settle();
  expect(rig.turns.current?.id).toBe('d');
});

test('a driver that throws fails its command, and the next one runs', async () => {
  const rig = await running();
  rig.command('b');
  rig.driver.turn.fail(new Error('broken'));
  await settle();
  expect(rig.end('a')?.result).toMatchObject({
    status: 'failed',
    error: { code: 'CCB_PROGRAM_EXITED', message: 'broken' },
  });
  expect(rig.turns.current?.id).toBe('b');
});

test('a failure tells the tail of stderr, and success is only what the program calls so', async () => {
  const rig = await running();
  rig.driver.turn.write('stderr', 'no such file\n');
  rig.driver.turn.end({ success: false, completedBy: 'program', exitCode: 2 });
  await settle();
  expect(rig.end('a')?.result).toMatchObject({
    success: false,
    status: 'failed',
    outputBytes: 0,
    error: { code: 'CCB_COMMAND_FAILED', message: 'exit status 2: no such file' },
  });
});

test('what comes after the end is late, of its own command, also while another runs', async () => {
  const rig = await running();
  const first = rig.driver.turn;
  first.end();
  await settle();
  first.write('stdout', 'alone');
  rig.command('b');
  await settle();
  rig.driver.turn.write('stdout', 'B');
  first.write('stdout', 'beside');
  first.update({ type: 'status', status: 'running' });
  await settle();
  const events = rig.frames.flatMap((frame) => (frame.type === 'event' ? [{ id: frame.id, ...frame.event }] : []));
  expect(events).toMatchObject([
    { id: 'a', text: 'alone', late: true },
    { id: 'b', text: 'B' },
    { id: 'a', text: 'beside', late: true },
  ]);
  expect(events[1]).not.toHaveProperty('late');
});

test('stop refuses what waits, ends what runs as stopped, and takes nothing more', async () => {
  const rig = await running();
  rig.command('b');
  await rig.turns.stop(3_000);
  await settle();
  expect(rig.driver.asked.at(-1)).toBe('stop 3000');
  expect(rig.refusals).toMatchObject([{ id: 'b', code: 'CCB_STOPPED' }]);
  expect(rig.end('a')?.result).toMatchObject({ status: 'failed', error: { code: 'CCB_STOPPED' } });
  expect(() => rig.command('c')).toThrow(expect.objectContaining({ code: 'CCB_STOPPED' }));
});

test('a disk that takes no begin refuses the command before the program sees it', async () => {
  const rig = new Rig({ journal: { segmentBytes: 200 } });
  rig.command('a', 'x'.repeat(300));
  await settle();
  rig.driver.turn.end(success);
  rmSync(rig.directory, { recursive: true });
  rig.command('b');
  await settle();
  expect(rig.driver.turns).toHaveLength(1);
  expect(rig.refusals.find(({ id }) => id === 'b')).toMatchObject({ code: 'CCB_DISK_FULL' });
});

test('a journal that takes no more output has the command interrupted, and drops the rest', async () => {
  const rig = new Rig({ journal: { segmentBytes: 200 } });
  rig.command('a', 'x'.repeat(300));
  await settle();
  rmSync(rig.directory, { recursive: true });
  rig.driver.turn.write('stdout', 'lost');
  await settle();
  expect(rig.driver.asked.at(-1)).toBe('interrupt');
  rig.driver.turn.write('stdout', 'dropped');
  await settle();
  expect(rig.driver.asked.filter((each) => each === 'interrupt')).toHaveLength(1);
});
