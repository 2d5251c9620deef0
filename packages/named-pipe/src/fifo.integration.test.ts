import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { NamedPipeError } from './error.ts';
import { makeFifo, openReader, openWriter } from './fifo.ts';
import { openFiles, Workspace } from './testing/workspace.ts';

const isRoot = process.getuid?.() === 0;
const SOMEBODY = 12_345;

/** What must be refused as a FIFO, and is still there afterwards. */
const impostors: Record<string, (path: string) => void> = {
  'a regular file': (path) => fs.writeFileSync(path, 'precious'),
  'a symbolic link to a FIFO': (path) => {
    execFileSync('mkfifo', [`${path}.real`]);
    fs.symlinkSync(`${path}.real`, path);
  },
  'a symbolic link to nothing': (path) => fs.symlinkSync('/nonexistent/file', path),
  'a directory': (path) => fs.mkdirSync(path),
  'a FIFO with a second name': (path) => {
    execFileSync('mkfifo', [path]);
    fs.linkSync(path, `${path}.other`);
  },
  ...(isRoot && {
    "somebody else's FIFO": (path: string) => {
      execFileSync('mkfifo', [path]);
      fs.chownSync(path, SOMEBODY, SOMEBODY);
    },
  }),
};

const snapshot = (path: string): unknown => {
  const { ino, mode, uid, nlink, size } = fs.lstatSync(path);
  return { ino, mode, uid, nlink, size };
};
const code = (act: () => unknown): unknown => {
  try {
    return act();
  } catch (error) {
    return NamedPipeError.is(error) ? error.code : error;
  }
};

describe('makeFifo', () => {
  test('makes a FIFO with exactly the mode, whatever the umask', async () => {
    using workspace = new Workspace();
    const before = process.umask(0o077);
    try {
      await makeFifo(workspace.at('a'));
      await makeFifo(workspace.at('b'), { mode: 0o622 });
    } finally {
      process.umask(before);
    }
    expect(fs.statSync(workspace.at('a')).isFIFO()).toBe(true);
    expect(fs.statSync(workspace.at('a')).mode & 0o777).toBe(0o660);
    expect(fs.statSync(workspace.at('b')).mode & 0o777).toBe(0o622);
  });

  test('keeps a FIFO of ours as it is, also when two make it at once', async () => {
    using workspace = new Workspace();
    const path = workspace.at('a');
    await Promise.all([makeFifo(path), makeFifo(path), makeFifo(path)]);
    const before = snapshot(path);
    await makeFifo(path, { mode: 0o600 });
    expect(snapshot(path)).toEqual(before);
  });

  test.each(Object.entries(impostors))('refuses %s, and destroys nothing', async (_what, plant) => {
    using workspace = new Workspace();
    const path = workspace.at('pipe');
    plant(path);
    const before = snapshot(path);
    await expect(makeFifo(path)).rejects.toMatchObject({
      code: 'CCB_PIPE_UNSAFE',
      message: expect.stringContaining(path),
    });
    expect(snapshot(path)).toEqual(before);
  });

  test('refuses a directory where others could replace it, unless that is sticky', async () => {
    using workspace = new Workspace();
    fs.chmodSync(workspace.path, 0o777);
    await expect(makeFifo(workspace.at('a'))).rejects.toMatchObject({
      code: 'CCB_PIPE_UNSAFE',
      message: expect.stringContaining(`chmod go-w ${workspace.path}`),
    });
    fs.chmodSync(workspace.path, 0o770);
    await expect(makeFifo(workspace.at('a'))).rejects.toMatchObject({ code: 'CCB_PIPE_UNSAFE' });
    expect(workspace.names).toEqual([]);
    fs.chmodSync(workspace.path, 0o1777);
    await makeFifo(workspace.at('a'));
  });

  test.runIf(isRoot)("refuses somebody else's directory, unless that user is named", async () => {
    using workspace = new Workspace();
    fs.chownSync(workspace.path, SOMEBODY, SOMEBODY);
    await expect(makeFifo(workspace.at('a'))).rejects.toMatchObject({ code: 'CCB_PIPE_UNSAFE' });
    await makeFifo(workspace.at('a'), { owner: SOMEBODY });
  });

  test('says which directory is missing', async () => {
    using workspace = new Workspace();
    await expect(makeFifo(workspace.at('no/pipe'))).rejects.toMatchObject({
      code: 'CCB_PIPE_DOWN',
      message: expect.stringContaining(workspace.at('no')),
    });
  });

  test('says that mkfifo is not installed', async () => {
    using workspace = new Workspace();
    const before = process.env.PATH;
    process.env.PATH = workspace.path;
    try {
      await expect(makeFifo(workspace.at('a'))).rejects.toMatchObject({
        code: 'CCB_PIPE_DOWN',
        message: expect.stringMatching(/"mkfifo" is not installed/),
      });
    } finally {
      process.env.PATH = before;
    }
  });

  test.each([
    ['an empty path', ''],
    ['a NUL', '/tmp/a\0b'],
    ['a part that is too long', `/tmp/${'x'.repeat(256)}`],
    ['a path that is too long', `/tmp${'/xxxx'.repeat(1000)}`],
  ])('takes %s for a mistake', async (_what, path) => {
    await expect(makeFifo(path)).rejects.toThrow(TypeError);
  });

  test('takes a mode that is none for a mistake', async () => {
    await expect(makeFifo('/tmp/never', { mode: 0o1777 })).rejects.toThrow(TypeError);
    await expect(makeFifo('/tmp/never', { mode: 1.5 })).rejects.toThrow(TypeError);
  });
});

describe('openReader and openWriter', () => {
  test('carry bytes, and the end', async () => {
    using workspace = new Workspace();
    const path = workspace.at('pipe');
    await makeFifo(path);
    expect(openWriter(path)).toBeUndefined();
    const reader = openReader(path);
    const writer = openWriter(path);
    writer?.end('hello');
    const chunks: Buffer[] = [];
    for await (const chunk of reader) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).toString()).toBe('hello');
    expect(openFiles()).not.toContain(path);
  });

  test.each(Object.entries(impostors))('refuse %s, leave it alone and leak nothing', (_what, plant) => {
    using workspace = new Workspace();
    const path = workspace.at('pipe');
    plant(path);
    const before = snapshot(path);
    expect([code(() => openReader(path)), code(() => openWriter(path))]).toEqual([
      'CCB_PIPE_UNSAFE',
      'CCB_PIPE_UNSAFE',
    ]);
    expect(snapshot(path)).toEqual(before);
    expect(openFiles().filter((file) => file.startsWith(workspace.path))).toEqual([]);
  });

  test.runIf(isRoot)("open somebody else's FIFO when that user is named", async () => {
    using workspace = new Workspace();
    const path = workspace.at('pipe');
    await makeFifo(path);
    fs.chownSync(path, SOMEBODY, SOMEBODY);
    const reader = openReader(path, { owner: SOMEBODY });
    reader.destroy();
    await once(reader, 'close');
  });

  test('never make a file where there is none', () => {
    using workspace = new Workspace();
    const path = workspace.at('pipe');
    expect([code(() => openReader(path)), code(() => openWriter(path))]).toEqual(['CCB_PIPE_DOWN', 'CCB_PIPE_DOWN']);
    expect(workspace.names).toEqual([]);
  });
});
