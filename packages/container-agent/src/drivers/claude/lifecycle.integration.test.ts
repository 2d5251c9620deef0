import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { processesWith, processStat } from '../../agent/proc.ts';
import { subject } from '../testing/recorder.ts';
import { createClaudeDriver } from './claude-driver.ts';
import { type Faked, faked, started } from './testing/fake-claude.ts';

const alive = (claude: Faked): number[] =>
  processesWith(`CCB_INSTANCE=${claude.context.env.CCB_INSTANCE}`).filter((pid) => processStat(pid)?.state !== 'Z');

describe('the life of Claude Code', () => {
  it.each(['dies-mid-text', 'dies-mid-tool'])(
    'fails the command when it dies, and goes on afterwards: %s',
    async (fault) => {
      await using claude = faked();
      await started(claude);
      await claude.run('say: remembered');
      const prompt = fault === 'dies-mid-tool' ? 'bash: sleep 60' : 'lines: 50';
      const { end } = await claude.run(`fault: ${fault} ${prompt}`);
      expect(end).toMatchObject({
        success: false,
        completedBy: 'exit',
        error: { code: 'CCB_PROGRAM_EXITED', message: expect.stringContaining('SIGKILL while it ran the command') },
      });
      expect(claude.exits).toEqual([{ pid: claude.spawns[0], code: null, signal: 'SIGKILL' }]);
      expect(alive(claude)).toEqual([]);
      expect(claude.driver.pid).toBeUndefined();
      await started(claude);
      expect((await claude.run('recall')).stdout.toString()).toContain('remembered');
      expect(claude.spawns).toHaveLength(2);
    },
  );

  it('is resumed by another driver, as after an agent’s death', async () => {
    await using claude = faked();
    await started(claude);
    await claude.run('say: remembered');
    await claude.driver.stop(2_000);
    const next = createClaudeDriver(claude.context);
    await next.start(AbortSignal.timeout(20_000));
    let said = '';
    const write = (_stream: string, text: string): void => {
      said += text;
    };
    const turn = { id: 'c', text: 'recall', stderr: 'separate' as const, write, update: () => {} };
    await next.run({ ...turn, ask: () => Promise.resolve('cancelled') });
    await next.stop(2_000);
    expect(said).toContain('remembered');
  });

  it('says once that the conversation is lost, and then begins a new one', async () => {
    await using claude = faked();
    await started(claude);
    await claude.run('say: remembered');
    await claude.driver.stop(2_000);
    rmSync(join(claude.context.env.HOME as string, '.claude', 'projects'), { recursive: true });
    await expect(started(claude)).rejects.toMatchObject({
      code: 'CCB_SESSION_LOST',
      message: expect.stringContaining('The next command begins a new conversation'),
    });
    await started(claude);
    expect((await claude.run('recall')).stdout.toString()).not.toContain('remembered');
  });

  it('goes on after a clear and a stop, though there is nothing to go on with yet', async () => {
    await using claude = faked();
    await started(claude);
    await claude.run('say: remembered');
    await claude.run('/clear');
    await claude.driver.stop(2_000);
    await started(claude);
    expect((await claude.run('recall')).end.success).toBe(true);
  });

  it('fails the next command when it went after a result, without running it', async () => {
    await using claude = faked();
    await started(claude);
    expect((await claude.run('fault: exits-after-result say: bye')).end.success).toBe(true);
    while (claude.exits.length === 0) await delay(10);
    expect((await claude.run('say: too late')).end).toMatchObject({ success: false, error: { retryable: true } });
    await started(claude);
    expect((await claude.run('say: back')).stdout.toString()).toBe('back');
  });

  it('is ended when it closes its stdout and stays', async () => {
    await using claude = faked();
    await started(claude);
    const { end } = await claude.run('fault: closes-stdout slow: 5');
    expect(end).toMatchObject({ success: false, error: { code: 'CCB_PROGRAM_EXITED' } });
    expect(alive(claude)).toEqual([]);
  });

  it.each([
    ['idle', undefined],
    ['busy', 'slow: 100'],
    ['stubborn', 'fault: hangs-on-exit slow: 100'],
    ['frozen', 'fault: freezes slow: 4'],
  ])('stops it within its grace, with nothing left: %s', async (_, prompt) => {
    await using claude = faked();
    await started(claude);
    let begun = (): void => {};
    const text = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const running = prompt === undefined ? undefined : claude.run(prompt, { onWrite: begun });
    if (running) await text;
    if (prompt?.includes('freezes')) {
      while (processStat(claude.driver.pid as number)?.state !== 'T') await delay(10);
    }
    const began = performance.now();
    await claude.driver.stop(1_000);
    await claude.driver.stop(1_000);
    expect(performance.now() - began).toBeLessThan(4_000);
    expect((await running)?.end.success ?? false).toBe(false);
    expect(alive(claude)).toEqual([]);
    expect(claude.exits).toHaveLength(1);
  });

  it('ends the tools that a killed one left', async () => {
    await using claude = faked();
    await started(claude);
    const running = claude.run('bash: setsid sleep 60 & echo $! > sleeper; wait');
    let sleeper = 0;
    while (!(sleeper > 1)) {
      await delay(20);
      try {
        sleeper = Number(readFileSync(join(claude.workspace, 'sleeper'), 'latin1'));
      } catch {
        // not yet
      }
    }
    claude.driver.signal('SIGKILL');
    expect((await running).end.success).toBe(false);
    expect(processStat(sleeper)?.state ?? 'gone').toMatch(/^(gone|Z)$/);
  });
});

describe('a start', () => {
  it('tells what Claude Code said when it dies', async () => {
    await using claude = faked({ env: { FAKE_CLAUDE_FAULTS: 'dies-at-start' } });
    await expect(started(claude)).rejects.toMatchObject({
      code: 'CCB_PROGRAM_EXITED',
      message: expect.stringMatching(/exited with status 1 before it was ready: .+/),
    });
    expect(alive(claude)).toEqual([]);
  });

  it('leaves no process when it is given up', async () => {
    await using claude = faked({ env: { FAKE_CLAUDE_FAULTS: 'no-initialize' } });
    await expect(claude.driver.start(AbortSignal.timeout(1_500))).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(alive(claude)).toEqual([]);
    expect(claude.exits).toHaveLength(1);
  });

  it('is ended by a stop', async () => {
    await using claude = faked({ env: { FAKE_CLAUDE_FAULTS: 'no-initialize' } });
    const starting = started(claude);
    starting.catch(() => {});
    while (claude.spawns.length === 0) await delay(10);
    await claude.driver.stop(1_000);
    await expect(starting).rejects.toMatchObject({ code: 'CCB_STOPPED' });
    expect(alive(claude)).toEqual([]);
  });

  it('waits for a slow one', async () => {
    await using claude = faked({ env: { FAKE_CLAUDE_FAULTS: 'slow-start' } });
    await started(claude);
    expect((await claude.run('say: here')).stdout.toString()).toBe('here');
  });

  it('refuses arguments that would break the protocol, before anything is started', async () => {
    await using claude = faked({ args: ['--continue'] });
    await expect(started(claude)).rejects.toMatchObject({ code: 'CCB_PROGRAM_ARGS' });
    expect(claude.spawns).toEqual([]);
  });

  it('says that the workspace is gone', async () => {
    await using claude = faked();
    rmSync(claude.workspace, { recursive: true });
    await expect(started(claude)).rejects.toMatchObject({
      code: 'CCB_NOT_FOUND',
      message: expect.stringContaining(claude.workspace),
    });
  });
});

describe('the executable', () => {
  const script = (root: string, output: string): string => {
    const path = join(root, 'claude');
    mkdirSync(root, { recursive: true });
    writeFileSync(path, `#!/bin/sh\necho '${output}'\n`, { mode: 0o700 });
    return path;
  };

  it.each([
    ['2.0.99 (Claude Code)', /2\.0\.99 .* too old: 2\.1\.0 or later/],
    ['GNU coreutils', /is not Claude Code: `--version` printed "GNU coreutils"/],
  ])('is refused where it says %j', async (output, message) => {
    await using claude = faked();
    const path = script(join(claude.workspace, 'bin'), output);
    const env = { ...claude.context.env, CLAUDE_CODE_EXECUTABLE: path };
    const driver = createClaudeDriver({ ...claude.context, env });
    await expect(driver.start(AbortSignal.timeout(20_000))).rejects.toMatchObject({
      code: 'CCB_PROGRAM_NOT_FOUND',
      message: expect.stringMatching(message),
    });
  });

  it('is looked for on the PATH of the program', async () => {
    await using claude = subject(createClaudeDriver, { env: { PATH: '/nowhere:/neither' } });
    await expect(claude.driver.start(AbortSignal.timeout(20_000))).rejects.toMatchObject({
      code: 'CCB_PROGRAM_NOT_FOUND',
      message: expect.stringMatching(/not found on PATH \(\/nowhere:\/neither\)\. Install it/),
    });
  });

  it('is named exactly, or not found', async () => {
    await using claude = faked({ env: { CLAUDE_CODE_EXECUTABLE: '/nowhere/claude' } });
    await expect(started(claude)).rejects.toMatchObject({
      code: 'CCB_PROGRAM_NOT_FOUND',
      message: expect.stringContaining('CLAUDE_CODE_EXECUTABLE names /nowhere/claude'),
    });
  });
});
