import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runInterrupts } from '../testing/interrupts.ts';
import { type Subject, subject } from '../testing/recorder.ts';
import { createShellDriver } from './shell-driver.ts';

it('is the same shell, and exact, after each of 40 interrupts at random moments', async () => {
  const report = await runInterrupts({ count: 40, seed: 7 });
  expect(report.violations).toEqual([]);
  expect(report.interrupted).toBeGreaterThan(0);
});

describe('an interrupt', () => {
  let shell: Subject;
  beforeAll(async () => {
    shell = subject(createShellDriver);
    await shell.driver.start(AbortSignal.timeout(10_000));
    await shell.run('X=keep');
  });
  afterAll(() => shell[Symbol.asyncDispose]());
  beforeEach(async () => {
    expect((await shell.run('echo $X')).stdout.toString()).toBe('keep\n');
    expect(shell.spawns).toHaveLength(1);
  });

  for (const [name, text] of Object.entries({
    'a program': 'sleep 60; echo no',
    'a loop of builtins': 'while :; do :; done',
    'a loop that forks': 'while :; do /bin/true; done',
    'a pipeline': 'sleep 60 | sleep 60; echo no',
    'a substitution': 'x=$(sleep 60); echo no',
    'a wait': 'sleep 60 & wait; echo no',
    'a program below a program': 'sh -c "sleep 60; echo no"; echo no',
  })) {
    it(`that comes with the command ends ${name}`, async () => {
      const running = shell.run(text);
      shell.driver.interrupt();
      expect(await running).toMatchObject({ end: { success: false, completedBy: 'program', exitCode: 130 } });
      await shell.run('kill $! 2>/dev/null; wait');
    });

    it(`in the middle ends ${name}`, async () => {
      let running: Promise<unknown> | undefined;
      const said = new Promise<void>((resolve) => {
        running = shell.run(`echo go; ${text}`, { onWrite: () => resolve() });
      });
      await said;
      shell.driver.interrupt();
      const answer = await running;
      expect(answer).toMatchObject({ end: { success: false, completedBy: 'program', exitCode: 130 } });
      expect((answer as { stdout: Buffer }).stdout.toString()).toBe('go\n');
      await shell.run('kill $! 2>/dev/null; wait');
    });
  }

  it('leaves nothing of what it ended alive', async () => {
    for (let round = 0; round < 20; round += 1) {
      const running = shell.run('sleep 61');
      shell.driver.interrupt();
      await running;
    }
    const left = await shell.run(
      'for i in {1..100}; do pgrep -s $$ -x sleep >/dev/null || break; sleep 0.05; done; pgrep -s $$ -fx "sleep 61"',
    );
    expect(left.stdout.toString()).toBe('');
  });

  it('during output leaves whole what was written before', async () => {
    let interrupted = false;
    const answer = await shell.run('seq 1 100000000', {
      onWrite: () => {
        if (!interrupted) shell.driver.interrupt();
        interrupted = true;
      },
    });
    expect(answer.end.exitCode).toBe(130);
    const lines = answer.stdout.toString().split('\n');
    const torn = lines.pop() ?? '';
    expect(lines.every((line, index) => line === String(index + 1))).toBe(true);
    expect(String(lines.length + 1).startsWith(torn)).toBe(true);
  });

  it('reaches a program that handles it once', async () => {
    const handler = 'trap "echo caught; sleep 0.8; exit 9" INT; echo go; while :; do sleep 0.05; done';
    const answer = await shell.run(`bash -c '${handler}'; echo then $?`, {
      onWrite: (_stream, text) => {
        if (text === 'go\n') shell.driver.interrupt();
      },
    });
    expect(answer.stdout.toString()).toBe('go\ncaught\nthen 9\n');
  });

  it('is nothing when the command ignores it, or when nothing runs', async () => {
    const answer = await shell.run('trap "" INT; echo go; sleep 0.9; echo done', {
      onWrite: () => shell.driver.interrupt(),
    });
    expect(answer).toMatchObject({ end: { exitCode: 0 } });
    expect(answer.stdout.toString()).toBe('go\ndone\n');
    await shell.run('trap - INT');
    shell.driver.interrupt();
    shell.driver.interrupt();
    expect((await shell.run('sleep 0.05; echo fine')).stdout.toString()).toBe('fine\n');
  });

  it('spares the background children of earlier commands', async () => {
    await shell.run('sleep 60 & echo $!');
    const running = shell.run('sleep 60');
    shell.driver.interrupt();
    await running;
    expect((await shell.run('kill %1 && echo was alive; wait')).stdout.toString()).toBe('was alive\n');
  });
});
