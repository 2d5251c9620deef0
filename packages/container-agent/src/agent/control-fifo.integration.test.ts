import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeFifo, openWriter } from '@ccb/named-pipe/fifo';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ControlFifo, encodeJoin, maxControlLine } from './control-fifo.ts';

let root: string;
let path: string;
const logged: string[] = [];

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'ccb-control-'));
  path = join(root, 'box.ctl.fifo');
  logged.length = 0;
  await makeFifo(path);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** Collects names until there are as many as asked for. */
function listen(count: number): { control: ControlFifo; names: string[]; done: Promise<void> } {
  const names: string[] = [];
  let finish = (): void => {};
  const done = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const control = new ControlFifo(
    path,
    (_level, event) => logged.push(event),
    (name) => {
      names.push(name);
      if (names.length === count) finish();
    },
  );
  return { control, names, done };
}

async function write(text: string): Promise<void> {
  const writer = openWriter(path);
  if (writer === undefined) throw new Error('nobody reads');
  writer.end(text);
  await once(writer, 'close');
}

test('many writers are heard, one after the other and at once, each whole', async () => {
  const wanted = Array.from({ length: 20 }, (_, i) => String(i).padStart(16, 'a'));
  const { control, names, done } = listen(wanted.length);
  try {
    for (const name of wanted.slice(0, 5)) await write(encodeJoin(name));
    await Promise.all(wanted.slice(5).map((name) => write(encodeJoin(name))));
    await done;
    expect([...names].sort()).toEqual([...wanted].sort());
    expect(Buffer.byteLength(encodeJoin('a'.repeat(16)))).toBeLessThan(maxControlLine);
  } finally {
    control.close();
  }
});

test('what is no request is logged and passed over; a name is never a path', async () => {
  const { control, names, done } = listen(1);
  try {
    await write('nonsense\n{"type":"join","name":"../../../../x"}\n{"type":"leave","name":"abcdefghijklmnop"}\n');
    await write(`${'x'.repeat(20_000)}\n`);
    await write(encodeJoin('abcdefghijklmnop'));
    await done;
    expect(names).toEqual(['abcdefghijklmnop']);
    expect(new Set(logged)).toEqual(new Set(['control.invalid']));
  } finally {
    control.close();
  }
});

test('closing leaves no descriptor, and the FIFO for the next agent', async () => {
  const { control } = listen(1);
  const open = (): string[] =>
    readdirSync('/proc/self/fd').filter((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`) === path;
      } catch {
        return false;
      }
    });
  expect(open()).toHaveLength(2);
  control.close();
  await new Promise((resolve) => setImmediate(resolve));
  expect(open()).toEqual([]);
  expect(existsSync(path)).toBe(true);
});
