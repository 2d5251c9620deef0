// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts are shell commands
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { subject } from '../testing/recorder.ts';
import { membersOf } from './process-group.ts';
import { createShellDriver } from './shell-driver.ts';

const soon = (): AbortSignal => AbortSignal.timeout(10_000);

async function started(options: Parameters<typeof subject>[1] = {}): Promise<ReturnType<typeof subject>> {
  const shell = subject(createShellDriver, options);
  await shell.driver.start(soon());
  return shell;
}

const isThere = (pid: number): boolean => existsSync(`/proc/${pid}`);

/** Descriptors of this process that lead into the directory. */
function openIn(directory: string): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`);
      return target.startsWith(directory) ? [target] : [];
    } catch {
      return [];
    }
  });
}

describe('a shell that ends', () => {
  const ways: Readonly<
    Record<string, { text: string; stdout?: string; stderr?: RegExp | string; code: number; by?: string }>
  > = {
    'by exit': { text: 'echo a; exit 3', stdout: 'a\n', code: 3 },
    'by exit 0': { text: 'echo a; exit', stdout: 'a\n', code: 0 },
    'by exit in a function': { text: 'f() { printf x; exit 9; }; f; echo no', stdout: 'x', code: 9 },
    'by exec': { text: 'exec sh -c "echo E; echo F >&2; exit 5"', stdout: 'E\n', stderr: 'F\n', code: 5 },
    'by exec of another bash': { text: 'exec bash', code: 0 },
    'through its EXIT trap': { text: 'trap "echo T; echo U >&2" EXIT; exit 4', stdout: 'T\n', stderr: 'U\n', code: 4 },
    'by errexit': { text: 'set -e; echo a; false; echo no', stdout: 'a\n', code: 1 },
    'by SIGKILL': { text: 'echo a; kill -9 $$', stdout: 'a\n', code: 137, by: 'SIGKILL' },
    'by SIGSEGV': { text: 'kill -SEGV $$', code: 139, by: 'SIGSEGV' },
    'after much output': {
      text: 'head -c 3000000 /dev/zero | tr "\\0" z; exit 2',
      stdout: 'z'.repeat(3_000_000),
      code: 2,
    },
  };
  for (const [name, way] of Object.entries(ways)) {
    it(`${name} gives its status and all of its output, and another takes its place`, async () => {
      await using shell = await started();
      mkdirSync(join(shell.workspace, 'deep'));
      await shell.run('cd deep; X=lost');
      const answer = await shell.run(way.text);
      expect(answer.stdout.toString()).toBe(way.stdout ?? '');
      expect(answer.stderr.toString()).toMatch(way.stderr ?? /^$/);
      expect(answer.end).toMatchObject({ success: way.code === 0, completedBy: 'exit', exitCode: way.code });
      expect(answer.end.error?.message).toEqual(way.by && expect.stringContaining(`bash ended by ${way.by}`));
      expect(answer.updates).toMatchObject([
        { type: 'status', status: 'restarted', message: expect.stringContaining('bash') },
      ]);
      expect(shell.spawns).toHaveLength(2);
      expect(shell.exits).toMatchObject([{ pid: shell.spawns[0], signal: way.by ?? null }]);
      const next = await shell.run('echo "[$X] ${PWD##*/} $?"');
      expect(next.stdout.toString()).toBe('[] deep 0\n');
      expect(next.updates).toEqual([]);
    });
  }

  it('comes back in the workspace when its directory is gone', async () => {
    await using shell = await started();
    await shell.run('mkdir gone; cd gone');
    const answer = await shell.run('rmdir ../gone; exit 1');
    expect(answer.updates[0]?.message).toContain(`${shell.workspace}, as ${shell.workspace}/gone is gone`);
    expect((await shell.run('pwd')).stdout.toString()).toBe(`${shell.workspace}\n`);
  });

  it('settles the command though none can take its place, and the next start says why', async () => {
    await using shell = await started();
    const answer = await shell.run(`rm -rf '${shell.workspace}'; exit 6`);
    expect(answer.end).toMatchObject({ completedBy: 'exit', exitCode: 6 });
    expect(answer.updates).toEqual([]);
    expect(shell.driver.pid).toBeUndefined();
    await expect(shell.driver.start(soon())).rejects.toThrow(/workspace .* is not a directory/);
    mkdirSync(shell.workspace);
    await shell.driver.start(soon());
    expect((await shell.run('echo back')).stdout.toString()).toBe('back\n');
  });

  it('between two commands starts again when asked to, in its directory', async () => {
    await using shell = await started();
    await shell.run('cd /usr; (sleep 0.02; kill -9 $$) &');
    await expect.poll(() => shell.exits.length).toBe(1);
    expect(shell.driver.pid).toBeUndefined();
    expect((await shell.run('echo no')).end).toMatchObject({ success: false, error: { code: 'CCB_PROGRAM_EXITED' } });
    await shell.driver.start(soon());
    expect((await shell.run('pwd')).stdout.toString()).toBe('/usr\n');
  });

  it('takes what it was running along when it is killed, and leaves it when it exits', async () => {
    await using shell = await started();
    const killed = shell.spawns[0] as number;
    await shell.run('(sleep 0.05; kill -9 $$) & sleep 300');
    await expect.poll(() => membersOf(killed)?.size).toBe(0);
    const exited = shell.spawns[1] as number;
    await shell.run('sleep 300 & exit 0');
    expect(membersOf(exited)?.size).toBe(1);
  });

  it('keeps the late output of its children apart, and stop ends those too', async () => {
    await using shell = await started();
    const answer = await shell.run('(trap "" TERM; sleep 0.05; echo late; sleep 60) & exit 0');
    const group = shell.spawns[0] as number;
    // It may come before the new shell is there, and then belongs to the turn.
    if (!answer.stdout.includes('late')) await answer.whenLate('late');
    expect(membersOf(group)?.size).toBeGreaterThan(0);
    await shell.driver.stop(50);
    expect(membersOf(group)?.size).toBe(0);
  });
});

describe('a shell that is started', () => {
  it('says what is missing when there is no bash', async () => {
    await using shell = subject(createShellDriver, { env: { PATH: '/nowhere' } });
    await expect(shell.driver.start(soon())).rejects.toMatchObject({
      code: 'CCB_PROGRAM_NOT_FOUND',
      message: expect.stringContaining('bash was not found on PATH (/nowhere)'),
    });
    expect(shell.spawns).toEqual([]);
    expect(openIn(shell.context.directory).filter((path) => path.endsWith('marks'))).toEqual([]);
  });

  it('says what bash said when it ends at once', async () => {
    await using shell = subject(createShellDriver, { args: ['--no-such-option'] });
    await expect(shell.driver.start(soon())).rejects.toMatchObject({
      code: 'CCB_PROGRAM_EXITED',
      message: expect.stringMatching(/exited with status 2 .*no-such-option: invalid option/s),
    });
  });

  it('leaves no process when the start is aborted', async () => {
    await using shell = subject(createShellDriver);
    const abort = new AbortController();
    const starting = shell.driver.start(abort.signal);
    while (shell.spawns.length === 0) await delay(0);
    abort.abort(new Error('enough'));
    await expect(starting).rejects.toThrow('enough');
    expect(shell.exits).toHaveLength(1);
    await expect(shell.driver.start(AbortSignal.abort(new Error('before')))).rejects.toThrow('before');
    expect(shell.spawns).toHaveLength(1);
  });

  it('takes its arguments and environment, and leaves the history of whoever owns HOME alone', async () => {
    await using shell = subject(createShellDriver, {
      args: ['-O', 'extglob'],
      env: { GREETING: 'hi', TMOUT: '1', PROMPT_COMMAND: 'exit' },
    });
    const history = join(shell.context.env.HOME as string, '.bash_history');
    writeFileSync(history, 'mine\n');
    await shell.driver.start(soon());
    const answer = await shell.run(
      'shopt extglob; echo $GREETING; echo ${TMOUT-unset}; history; env | grep -c -e NODE_OPTIONS -e VITEST; set -o history; echo x',
    );
    expect(answer.stdout.toString()).toBe('extglob        \ton\nhi\nunset\n0\nx\n');
    await shell.run('exit');
    expect(readdirSync(dirname(history))).toEqual(['.bash_history']);
  });
});

describe('a shell that is stopped', () => {
  for (const [name, text] of Object.entries({
    'is idle': ':',
    'runs a program': 'sleep 60',
    'runs a loop': 'while :; do :; done',
    'ignores all that can be ignored': 'trap "" TERM HUP INT; while :; do sleep 60; done',
    'has left a child that ignores SIGTERM': '(trap "" TERM; sleep 60) & :',
  })) {
    it(`leaves no process, descriptor or file when it ${name}`, async () => {
      await using shell = await started();
      const group = shell.driver.pid as number;
      const running = shell.run(`echo go; ${text}`);
      if (text.startsWith(':') || text.startsWith('(')) await running;
      else await expect.poll(() => membersOf(group)?.size ?? 0).toBeGreaterThan(0);
      await Promise.all([shell.driver.stop(200), shell.driver.stop(200)]);
      await running;
      expect(membersOf(group)?.size).toBe(0);
      expect(isThere(group)).toBe(false);
      expect(shell.exits).toHaveLength(1);
      expect(shell.driver.pid).toBeUndefined();
      expect(readdirSync(shell.context.directory)).toEqual([]);
      expect(openIn(shell.context.directory)).toEqual([]);
      await shell.driver.stop(200);
    });
  }

  it('lets its children end by themselves within the grace', async () => {
    await using shell = await started();
    const path = join(shell.workspace, 'cleaned');
    await shell.run(
      `bash -c 'trap "sleep 0.2; echo > ${path}; exit" TERM; echo ready; while :; do sleep 0.05; done' & sleep 0.2`,
    );
    await shell.driver.stop(5_000);
    expect(existsSync(path)).toBe(true);
  });

  it('can be started again', async () => {
    await using shell = await started();
    await shell.driver.stop(500);
    await shell.driver.start(soon());
    expect((await shell.run('echo again')).stdout.toString()).toBe('again\n');
  });

  it('settles the command that ran', async () => {
    await using shell = await started();
    const running = shell.run('sleep 60');
    await shell.driver.stop(100);
    expect((await running).end).toMatchObject({ success: false, completedBy: 'exit' });
    expect(shell.spawns).toHaveLength(1);
  });
});

describe('a shell whose agent was killed', () => {
  const orphan = fileURLToPath(new URL('../testing/orphan.ts', import.meta.url));
  for (const [name, text] of Object.entries({
    'is idle': [],
    'is busy': [': > begun; sleep 0.3; echo into nothing'],
  })) {
    it(`ends by itself when it ${name}`, async () => {
      const child = spawn(process.execPath, ['--conditions=@ccb/source', '--import', 'tsx', orphan, ...text], {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { PATH: process.env.PATH },
      });
      const [line] = await once(child.stdout.setEncoding('utf8'), 'data');
      const [pid, directory] = String(line).trim().split(/ (.*)/s) as [string, string];
      expect(isThere(Number(pid))).toBe(true);
      // Before it has opened its pipes it would wait for a reader, until the next agent ends it.
      const begun = join(readlinkSync(`/proc/${pid}/cwd`), 'begun');
      if (text.length > 0) await expect.poll(() => existsSync(begun)).toBe(true);
      child.kill('SIGKILL');
      try {
        await expect.poll(() => membersOf(Number(pid))?.size, { timeout: 10_000 }).toBe(0);
      } finally {
        rmSync(dirname(directory), { recursive: true, force: true });
      }
    });
  }
});
