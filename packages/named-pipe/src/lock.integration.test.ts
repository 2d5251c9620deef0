import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { acquireLock, isLocked, readHolder, whenFree } from './lock.ts';
import { openFiles, Workspace } from './testing/workspace.ts';

const program = fileURLToPath(new URL('./testing/lock-holder.ts', import.meta.url));

async function otherHolder(path: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['--conditions=@ccb/source', '--import', 'tsx', program, path], {
    cwd: dirname(program),
    env: { PATH: process.env.PATH, HOME: dirname(path) },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const [message] = await once(child, 'message');
  expect(message).toBe('held');
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

function flockChildren(): string[] {
  return fs
    .readFileSync(`/proc/self/task/${process.pid}/children`, 'latin1')
    .split(' ')
    .filter((pid) => pid !== '')
    .filter((pid) => fs.readFileSync(`/proc/${pid}/comm`, 'latin1').trim() === 'flock');
}

describe('acquireLock', () => {
  test('lets one in, and tells the other who that is', async () => {
    using workspace = new Workspace();
    const path = workspace.at('lock');
    const lock = await acquireLock(path, { command: 'first' });
    const holder = { pid: process.pid, since: expect.stringMatching(/^\d{4}-.*Z$/), command: 'first' };
    expect(fs.statSync(path).mode & 0o777).toBe(0o600);
    expect(readHolder(path)).toEqual(holder);
    await expect(acquireLock(path)).rejects.toMatchObject({
      code: 'CCB_PIPE_LOCKED',
      holder,
      message: expect.stringMatching(/held by first, pid \d+/),
    });
    await lock.release();
    await lock.release();
    expect(readHolder(path)).toBeUndefined();
    await (await acquireLock(path)).release({ unlink: true });
    expect(workspace.names).toEqual([]);
    expect(openFiles()).not.toContain(path);
  });

  test('is freed by the kernel when its holder is killed, and the next waiter gets it', async () => {
    using workspace = new Workspace();
    const path = workspace.at('lock');
    const other = await otherHolder(path);
    await expect(acquireLock(path)).rejects.toMatchObject({
      code: 'CCB_PIPE_LOCKED',
      holder: { pid: other.pid, command: 'the other one' },
    });
    const free = whenFree(path);
    const queued = acquireLock(path, { wait: true, timeoutMs: 20_000 });
    expect(await isLocked(path)).toBe(true);
    await kill(other);
    const lock = await queued;
    expect(lock.path).toBe(path);
    expect(readHolder(path)?.pid).toBe(process.pid);
    await lock.release();
    // Whichever of the two came to the lock first.
    await free;
  });

  test('waits no longer than told, and leaves no process', async () => {
    using workspace = new Workspace();
    const path = workspace.at('lock');
    await using _lock = await acquireLock(path, { command: 'busy' });
    const waiting = [
      acquireLock(path, { wait: true, timeoutMs: 50 }),
      acquireLock(path, { wait: true, signal: AbortSignal.timeout(50) }),
      whenFree(path, { timeoutMs: 50 }),
      whenFree(path, { signal: AbortSignal.timeout(50) }),
    ];
    const outcomes = await Promise.allSettled(waiting);
    expect(outcomes.map((each) => each.status === 'rejected' && [each.reason.code, each.reason.name])).toEqual([
      ['CCB_PIPE_TIMEOUT', 'NamedPipeError'],
      [DOMException.TIMEOUT_ERR, 'TimeoutError'],
      ['CCB_PIPE_TIMEOUT', 'NamedPipeError'],
      [DOMException.TIMEOUT_ERR, 'TimeoutError'],
    ]);
    expect(flockChildren()).toEqual([]);
    expect(openFiles().filter((file) => file === path)).toHaveLength(1);
  });

  test('holds for one at a time though each holder removes the file', async () => {
    using workspace = new Workspace();
    const path = workspace.at('lock');
    let inside = 0;
    let most = 0;
    const worker = async (): Promise<void> => {
      for (let turn = 0; turn < 10; turn++) {
        const lock = await acquireLock(path, { wait: true, timeoutMs: 30_000 });
        most = Math.max(most, ++inside);
        await new Promise((resolve) => setImmediate(resolve));
        inside--;
        await lock.release({ unlink: true });
      }
    };
    await Promise.all([worker(), worker(), worker(), worker()]);
    expect(most).toBe(1);
    expect(workspace.names).toEqual([]);
  });

  test('does not remove a file that took the place of its own', async () => {
    using workspace = new Workspace();
    const path = workspace.at('lock');
    const lock = await acquireLock(path);
    fs.rmSync(path);
    fs.writeFileSync(path, "somebody else's");
    await lock.release({ unlink: true });
    expect(fs.readFileSync(path, 'utf8')).toBe("somebody else's");
  });

  test('never fails because somebody looks', async () => {
    using workspace = new Workspace();
    const path = workspace.at('lock');
    await (await acquireLock(path)).release();
    let looking = true;
    const looks = (async () => {
      while (looking) await isLocked(path);
    })();
    for (let turn = 0; turn < 20; turn++) await (await acquireLock(path)).release();
    looking = false;
    await looks;
  });

  const impostors: Record<string, (path: string) => void> = {
    'a symbolic link': (path) => {
      fs.writeFileSync(`${path}.real`, 'precious');
      fs.symlinkSync(`${path}.real`, path);
    },
    'a directory': (path) => fs.mkdirSync(path),
    'a file with a second name': (path) => {
      fs.writeFileSync(path, 'precious');
      fs.linkSync(path, `${path}.real`);
    },
    ...(process.getuid?.() === 0 && {
      "somebody else's file": (path: string) => {
        fs.writeFileSync(path, 'precious');
        fs.chownSync(path, 12_345, 12_345);
      },
    }),
  };

  test.each(Object.entries(impostors))('refuses %s, and changes nothing', async (_what, plant) => {
    using workspace = new Workspace();
    const path = workspace.at('lock');
    plant(path);
    for (const act of [acquireLock, isLocked, whenFree]) {
      await expect(act(path)).rejects.toMatchObject({
        code: 'CCB_PIPE_UNSAFE',
        message: expect.stringContaining(path),
      });
    }
    expect(() => readHolder(path)).toThrow(expect.objectContaining({ code: 'CCB_PIPE_UNSAFE' }));
    for (const name of workspace.names) {
      if (fs.lstatSync(workspace.at(name)).isFile())
        expect(fs.readFileSync(workspace.at(name), 'utf8')).toBe('precious');
    }
    expect(openFiles().filter((file) => file.startsWith(workspace.path))).toEqual([]);
  });

  test('says that flock is not installed', async () => {
    using workspace = new Workspace();
    const before = process.env.PATH;
    process.env.PATH = workspace.path;
    try {
      await expect(acquireLock(workspace.at('lock'))).rejects.toMatchObject({
        code: 'CCB_PIPE_DOWN',
        message: expect.stringMatching(/"flock" is not installed/),
      });
    } finally {
      process.env.PATH = before;
    }
  });
});

describe('a lock that nobody holds', () => {
  test('is free at once, and looking makes no file', async () => {
    using workspace = new Workspace();
    const path = workspace.at('lock');
    expect(await isLocked(path)).toBe(false);
    await whenFree(path);
    expect(readHolder(path)).toBeUndefined();
    expect(workspace.names).toEqual([]);
  });

  test('has no holder when what stands in it is no holder', () => {
    using workspace = new Workspace();
    const path = workspace.at('lock');
    for (const text of ['', 'null', '{}', '{"pid":"1"}', 'x'.repeat(10_000)]) {
      fs.writeFileSync(path, text);
      expect(readHolder(path)).toBeUndefined();
    }
  });
});
