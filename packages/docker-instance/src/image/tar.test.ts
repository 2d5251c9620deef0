import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type TarEntry, tarOf, tarStream } from './tar.ts';

let root = '';

beforeEach(() => {
  root = fs.mkdtempSync(join(os.tmpdir(), 'ccb-tar-'));
});

afterEach(() => {
  fs.rmSync(root, { recursive: true, force: true });
});

/** What the tar of this machine makes of it. */
function unpacked(archive: Buffer): string {
  const out = join(root, 'out');
  fs.mkdirSync(out);
  execFileSync('tar', ['-x', '-p', '--no-same-owner', '-C', out], { input: archive, env: { PATH: process.env.PATH } });
  return out;
}

function listing(archive: Buffer): string {
  return execFileSync('tar', ['-tv', '--numeric-owner'], {
    input: archive,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8' },
  });
}

const file = (path: string, text = path): TarEntry => ({ path, mode: 0o644, content: Buffer.from(text) });

describe('an archive', () => {
  test('gives back contents of every size around a block, byte for byte', () => {
    const sizes = [0, 1, 511, 512, 513, 1024, 100_000];
    const contents = sizes.map((size) => Buffer.alloc(size, `${size},\0`));
    const out = unpacked(tarOf(contents.map((content, index) => ({ path: `f${index}`, mode: 0o600, content }))));
    expect(contents.map((_, index) => fs.readFileSync(join(out, `f${index}`)))).toEqual(contents);
  });

  test('keeps modes, the sticky bit and owners', () => {
    const archive = tarOf([
      { path: 'tmp', mode: 0o1777, directory: true },
      { path: 'home', mode: 0o755, uid: 1000, gid: 1001, directory: true },
      { ...file('home/run.sh'), mode: 0o750, uid: 1000, gid: 1001 },
    ]);
    const lines = listing(archive).split('\n');
    expect(lines[0]).toMatch(/^drwxrwxrwt 0\/0 .* tmp\/$/);
    expect(lines[1]).toMatch(/^drwxr-xr-x 1000\/1001 .* home\/$/);
    expect(lines[2]).toMatch(/^-rwxr-x--- 1000\/1001 +11 .* home\/run\.sh$/);
  });

  test('holds links of both kinds', () => {
    const out = unpacked(
      tarOf([
        file('usr/bin/all', 'program'),
        { path: 'usr/bin/one', mode: 0o755, hardLink: 'usr/bin/all' },
        { path: 'bin', mode: 0o777, symlink: 'usr/bin' },
      ]),
    );
    expect(fs.readFileSync(join(out, 'bin/one'), 'utf8')).toBe('program');
    expect(fs.statSync(join(out, 'usr/bin/one')).ino).toBe(fs.statSync(join(out, 'usr/bin/all')).ino);
    expect(fs.readlinkSync(join(out, 'bin'))).toBe('usr/bin');
  });

  test('holds names of any alphabet, and long ones that can be divided at a slash', () => {
    const paths = ['dir/with space/ünïcödé 漢字', `${'a'.repeat(154)}/${'b'.repeat(100)}`, `${'d/'.repeat(90)}name`];
    const out = unpacked(tarOf(paths.map((path) => file(path))));
    expect(paths.map((path) => fs.readFileSync(join(out, path), 'utf8'))).toEqual(paths);
  });

  test.each([
    ['a name that is too long', 'x'.repeat(101)],
    ['a directory that is too long', `${'x'.repeat(156)}/name`],
    ['an absolute path', '/etc/passwd'],
    ['a path that leads out', 'a/../../b'],
    ['a NUL', 'a\0b'],
    ['no name', ''],
  ])('refuses %s', (_, path) => {
    expect(() => tarOf([file(path)])).toThrow(TypeError);
  });

  test('refuses owners and link targets that do not fit', () => {
    expect(() => tarOf([{ ...file('f'), uid: 0o7777777 + 1 }])).toThrow(TypeError);
    expect(() => tarOf([{ ...file('f'), gid: -1 }])).toThrow(TypeError);
    expect(() => tarOf([{ path: 'l', mode: 0o777, symlink: 'x'.repeat(101) }])).toThrow(TypeError);
  });
});

describe('a stream', () => {
  test('is the same archive, with files of this machine in it', async () => {
    const source = join(root, 'source');
    fs.writeFileSync(source, Buffer.alloc(3 * 1024 * 1024 + 7, 'ccb '));
    const stream = tarStream([file('small'), { path: 'big', mode: 0o755, source }, file('last')]);
    const out = unpacked(await buffer(stream));
    expect(fs.readdirSync(out).sort()).toEqual(['big', 'last', 'small']);
    expect(fs.readFileSync(join(out, 'big')).equals(fs.readFileSync(source))).toBe(true);
    expect(fs.statSync(join(out, 'big')).mode & 0o777).toBe(0o755);
  });

  test('fails when a source is not there', async () => {
    const stream = tarStream([{ path: 'f', mode: 0o644, source: join(root, 'absent') }]);
    await expect(buffer(stream)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('closes the file that it was reading when nobody wants the rest', async () => {
    const source = join(root, 'source');
    fs.writeFileSync(source, Buffer.alloc(8 * 1024 * 1024));
    const stream = tarStream([{ path: 'f', mode: 0o644, source }]);
    const closed = new Promise((resolve) => stream.once('close', resolve));
    for await (const _ of stream) break;
    await closed;
    const open = fs.readdirSync('/proc/self/fd').map((fd) => {
      try {
        return fs.readlinkSync(`/proc/self/fd/${fd}`);
      } catch {
        return '';
      }
    });
    expect(open).not.toContain(source);
  });
});
