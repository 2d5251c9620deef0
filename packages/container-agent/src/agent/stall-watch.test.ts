import type { StallCause, StallOptions } from '@ccb/instance-interface';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Evidence } from '../drivers/driver.ts';
import { Rig, type RigOptions, settle } from './testing/rig.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] }));
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const S = 1_000;

async function running(stall?: StallOptions, options: RigOptions = {}): Promise<Rig> {
  const rig = new Rig(stall === undefined ? options : { ...options, stall });
  rig.command('a');
  await settle();
  return rig;
}

function shows(rig: Rig, cause: StallCause | undefined, message = `it shows ${cause}`): void {
  const evidence: Evidence | undefined = cause && { cause, message };
  rig.driver.evidence = async () => evidence;
}

async function after(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
  await settle();
}

/** The causes that were told, in order, with their commands. */
function told(rig: Rig): readonly string[] {
  return rig.frames.flatMap((frame) =>
    frame.type === 'event' && frame.event.type === 'status' && frame.event.status === 'stalled'
      ? [`${frame.id} ${frame.event.cause}: ${frame.event.message}`]
      : [],
  );
}

function say(rig: Rig, text = 'x'): void {
  rig.driver.turn.write('stdout', text);
}

test('a command that was silent for 30 s is told with the evidence that its driver shows', async () => {
  const rig = await running();
  shows(rig, 'tool', 'Bash runs `sleep 60` (process 4711) for 31 s');
  await after(30 * S - 1);
  expect(told(rig)).toEqual([]);
  await after(1);
  expect(told(rig)).toEqual(['a tool: silent for 30 s: Bash runs `sleep 60` (process 4711) for 31 s']);
  expect(rig.sent).toEqual(rig.frames);
});

test('silence counts from the last output or update, of whatever kind', async () => {
  const rig = await running();
  shows(rig, 'thinking');
  await after(20 * S);
  say(rig);
  await after(20 * S);
  rig.driver.turn.update({ type: 'thought', text: 'hm' });
  await after(20 * S);
  rig.driver.turn.write('stderr', 'x');
  await after(30 * S - 1);
  expect(told(rig)).toEqual([]);
  await after(1);
  expect(told(rig)).toEqual(['a thinking: silent for 30 s: it shows thinking']);
});

test('a program that shows nothing is not judged, and is looked at again', async () => {
  const rig = await running();
  await after(90 * S);
  expect(told(rig)).toEqual([]);
  shows(rig, 'unfinished');
  await after(30 * S);
  expect(told(rig)).toEqual(['a unfinished: silent for 120 s: it shows unfinished']);
});

test('a cause is told once while it stays, again when it changes, and again in the next silence', async () => {
  const rig = await running();
  shows(rig, 'thinking');
  await after(100 * S);
  shows(rig, 'unfinished');
  await after(100 * S);
  say(rig);
  await after(60 * S);
  expect(told(rig)).toEqual([
    'a thinking: silent for 30 s: it shows thinking',
    'a unfinished: silent for 120 s: it shows unfinished',
    'a unfinished: silent for 30 s: it shows unfinished',
  ]);
});

test('a process that is stopped is frozen, whatever else it shows', async () => {
  const rig = await running();
  shows(rig, 'thinking');
  rig.driver.pid = 4711;
  vi.spyOn(rig.supervisor, 'health').mockReturnValue('stopped');
  await after(30 * S);
  expect(told(rig)).toEqual(['a frozen: silent for 30 s: its process (4711) is stopped']);
});

test('a process that is gone while its command runs is dead', async () => {
  const rig = await running();
  shows(rig, 'thinking');
  rig.driver.vanish();
  await after(30 * S);
  expect(told(rig)).toEqual(['a dead: silent for 30 s: its process is gone']);
});

test('an open question is what it waits for, whatever the program shows; its answer is the end of that silence', async () => {
  const rig = new Rig();
  rig.turns.submit({ type: 'command', id: 'a', text: 'text', permission: 'ask' });
  await settle();
  shows(rig, 'tool');
  await after(20 * S);
  const options = [{ optionId: 'yes', name: 'Yes', kind: 'allow_once' as const }];
  void rig.driver.turn.ask({ requestId: 'r', toolCall: { title: 'rm' }, options });
  await after(60 * S);
  expect(told(rig)).toEqual(['a permission: silent for 30 s: it waits for an answer to its question']);
  rig.turns.answer({ type: 'permission', id: 'a', requestId: 'r', answer: 'allow_once', by: 'handler' });
  await after(30 * S - 1);
  expect(told(rig)).toHaveLength(1);
  await after(1);
  expect(told(rig).at(-1)).toBe('a tool: silent for 30 s: it shows tool');
});

test('silence while the program is held back for a slow reader is ours; afterwards it begins anew', async () => {
  const rig = await running({ limitsMs: { thinking: 40 * S } }, { maxLagBytes: 1_000 });
  shows(rig, 'thinking');
  say(rig, 'x'.repeat(2_000));
  await settle();
  expect(rig.driver.asked).toContain('pause');
  await after(100 * S);
  expect(told(rig)).toEqual([]);
  rig.journal.acknowledge(rig.journal.lastSeq);
  rig.flow.update();
  expect(rig.driver.asked).toContain('resume');
  await after(30 * S - 1);
  expect(told(rig)).toEqual([]);
  await after(1);
  expect(told(rig)).toHaveLength(1);
  expect(rig.driver.asked).not.toContain('interrupt');
});

test('a limit ends the command as stalled, with cause, evidence and how long', async () => {
  const rig = await running({ limitsMs: { unfinished: 60 * S, tool: 90 * S } });
  shows(rig, 'unfinished');
  await after(60 * S - 1);
  expect(rig.driver.asked).toEqual(['start', 'run a']);
  rig.driver.onInterrupt = () => rig.driver.turn.end();
  await after(1);
  expect(rig.end('a')?.result).toMatchObject({
    success: false,
    status: 'failed',
    completedBy: 'deadline',
    error: {
      code: 'CCB_STALLED',
      message: 'the command was ended after 60 s of silence (unfinished): it shows unfinished',
      retryable: true,
    },
  });
  expect(rig.driver.asked).toEqual(['start', 'run a', 'interrupt']);
});

test('a limit that is sooner than the telling is kept, and the cause told before the end', async () => {
  const rig = await running({ limitsMs: { unfinished: 5 * S } });
  shows(rig, 'unfinished');
  rig.driver.onInterrupt = () => rig.driver.turn.end();
  await after(5 * S);
  expect(told(rig)).toEqual(['a unfinished: silent for 5.0 s: it shows unfinished']);
  expect(rig.end('a')?.result.error?.code).toBe('CCB_STALLED');
});

test('the limit of one cause is not that of another', async () => {
  const rig = await running({ afterMs: 10 * S, limitsMs: { unfinished: 5 * S } });
  shows(rig, 'tool');
  await after(600 * S);
  expect(rig.driver.asked).toEqual(['start', 'run a']);
  expect(told(rig)).toEqual(['a tool: silent for 10 s: it shows tool']);
});

test('without a limit a silent command goes on', async () => {
  const rig = await running();
  shows(rig, 'unfinished');
  await after(24 * 3_600 * S);
  expect(rig.driver.asked).toEqual(['start', 'run a']);
  expect(told(rig)).toHaveLength(1);
});

test('a program that ignores its end is killed, and nothing more is told of it', async () => {
  const rig = await running({ afterMs: 2 * S, limitsMs: { tool: 4 * S } });
  shows(rig, 'tool');
  rig.command('b');
  await after(4 * S + 1);
  shows(rig, 'thinking');
  await after(12 * S);
  expect(rig.driver.asked).toEqual(expect.arrayContaining(['interrupt', 'SIGTERM', 'SIGKILL']));
  expect(told(rig)).toHaveLength(1);
  expect(rig.end('a')?.result.error?.code).toBe('CCB_STALLED');
  await after(1 * S);
  expect(rig.turns.current?.id).toBe('b');
});

test('a cancel that was first stands', async () => {
  const rig = await running({ limitsMs: { tool: 5 * S } });
  shows(rig, 'tool');
  await after(4 * S);
  rig.turns.cancel('a', 'cancelled');
  await after(20 * S);
  expect(told(rig)).toEqual([]);
  expect(rig.end('a')?.result.status).toBe('cancelled');
});

test('what was heard while the evidence was looked for makes it void', async () => {
  const rig = await running({ limitsMs: { tool: 30 * S } });
  rig.driver.evidence = async () => {
    say(rig);
    return { cause: 'tool', message: 'too late' };
  };
  await after(30 * S);
  expect(told(rig)).toEqual([]);
  expect(rig.driver.asked).toEqual(['start', 'run a']);
});

test.each<[string, (rig: Rig) => Promise<Evidence | undefined>]>([
  ['throws', () => Promise.reject(new Error('no /proc'))],
  ['hangs', () => new Promise(() => {})],
])('evidence that %s is logged, and asked for again', async (_what, evidence) => {
  const rig = await running();
  rig.driver.evidence = () => evidence(rig);
  await after(35 * S);
  expect(rig.logged).toContain('stall.no_evidence');
  expect(told(rig)).toEqual([]);
  shows(rig, 'tool');
  await after(30 * S);
  expect(told(rig)).toHaveLength(1);
});

test('time that this process slept through is nobody’s silence', async () => {
  const rig = await running({ limitsMs: { tool: 60 * S } });
  shows(rig, 'tool');
  const now = performance.now.bind(performance);
  vi.spyOn(performance, 'now').mockImplementation(() => now() + 600 * S);
  await after(30 * S);
  expect(told(rig)).toEqual([]);
  expect(rig.driver.asked).not.toContain('interrupt');
  await after(30 * S);
  expect(told(rig)).toEqual(['a tool: silent for 30 s: it shows tool']);
});

test('each command has its own silence', async () => {
  const rig = await running();
  shows(rig, 'tool');
  await after(29 * S);
  rig.driver.turn.end();
  await settle();
  rig.command('b');
  await after(30 * S - 1);
  expect(told(rig)).toEqual([]);
  await after(1);
  expect(told(rig)).toEqual(['b tool: silent for 30 s: it shows tool']);
});

test('output makes no timer, a command after another neither, and nothing fires when none runs', async () => {
  const rig = await running();
  const timers = vi.spyOn(globalThis, 'setTimeout');
  for (let i = 0; i < 100_000; i += 1) say(rig);
  for (let i = 0; i < 100; i += 1) {
    rig.driver.turn.end();
    rig.command(`c${i}`);
    await settle();
  }
  expect(timers).not.toHaveBeenCalled();
  expect(vi.getTimerCount()).toBe(1);
  rig.driver.turn.end();
  await after(30 * S);
  expect(vi.getTimerCount()).toBe(0);
});

test('an agent that stops leaves no timer', async () => {
  const rig = await running();
  await rig.turns.stop(1_000);
  await settle();
  expect(vi.getTimerCount()).toBe(0);
});
