import {
  appendFileSync,
  chownSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeFifo } from '@ccb/named-pipe/fifo';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readTail } from './tail.ts';

let root: string;
let path: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'ccb-tail-'));
  path = join(root, 'agent.log');
});
afterEach(() => {
  const open = readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)];
    } catch {
      return [];
    }
  });
  expect(open.filter((name) => name.startsWith(root))).toEqual([]);
  rmSync(root, { recursive: true, force: true });
});

const options = { maxBytes: 16 };

test('a small file is given whole, an empty one as nothing', () => {
  writeFileSync(path, 'one\ntwo\n');
  expect(readTail(path, options)).toEqual({ text: 'one\ntwo\n' });
  writeFileSync(path, '');
  expect(readTail(path, options)).toEqual({ text: '' });
});

test('of a larger one the last lines are given, the first of them whole', () => {
  writeFileSync(path, `${'ü'.repeat(20)}\nlast but one\nend\n`);
  expect(readTail(path, options)).toEqual({ text: 'end\n' });
  writeFileSync(path, `${'x'.repeat(40)}end`);
  expect(readTail(path, options)).toEqual({ text: `${'x'.repeat(13)}end` });
});

test('what could steer a terminal is spelled out', () => {
  writeFileSync(path, '\x1b[2J\x07ok\n');
  expect(readTail(path, { maxBytes: 100 })).toEqual({ text: '\\u001b[2J\\u0007ok\n' });
});

test('a file that grows is read to where it ended', () => {
  writeFileSync(path, 'one\n');
  for (let n = 0; n < 100; n += 1) {
    appendFileSync(path, `line ${n}\n`);
    expect(readTail(path, options).text).toMatch(new RegExp(`line ${n}\n$`));
  }
});

test('a sparse file of 8 TB costs no more than the bytes that were asked for', () => {
  writeFileSync(path, '');
  truncateSync(path, 8 * 1024 ** 4);
  appendFileSync(path, '\nend\n');
  expect(readTail(path, options)).toEqual({ text: 'end\n' });
});

test('what is not there is a reason', () => {
  expect(readTail(path, options)).toEqual({ problem: expect.stringMatching(/agent\.log is not read: ENOENT/) });
});

const planted: Record<string, [make: (path: string) => void | Promise<void>, reason: RegExp]> = {
  'a symbolic link': [
    (at) => {
      writeFileSync(`${at}.secret`, 'hush');
      symlinkSync(`${at}.secret`, at);
    },
    /it is a symbolic link/,
  ],
  'a FIFO': [(at) => makeFifo(at), /not a regular file/],
  'a directory': [(at) => mkdirSync(at), /not a regular file/],
  'a device': [(at) => symlinkSync('/dev/zero', at), /symbolic link/],
  'a file with a second name': [
    (at) => {
      writeFileSync(`${at}.secret`, 'hush');
      linkSync(`${at}.secret`, at);
    },
    /it has 2 names/,
  ],
};

test.each(Object.entries(planted))('%s is not read, at once, and the reason is told', async (_what, [make, reason]) => {
  await make(path);
  const { text, problem } = readTail(path, options);
  expect([text, problem]).toEqual([undefined, expect.stringMatching(reason)]);
});

test.runIf(process.geteuid?.() === 0)('the file of a stranger is not read, unless that user was named', () => {
  writeFileSync(path, 'theirs\n');
  chownSync(path, 54_321, 54_321);
  expect(readTail(path, options).problem).toMatch(/belongs to user 54321/);
  expect(readTail(path, { ...options, owner: 54_321 })).toEqual({ text: 'theirs\n' });
});
