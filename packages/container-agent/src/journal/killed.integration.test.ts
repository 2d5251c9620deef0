import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { crashImage, freshDirectory, openJournal } from './testing/directory.ts';

const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
const WRITER = fileURLToPath(new URL('./testing/writer.ts', import.meta.url));

/** Runs the writer and kills it once it has said `bytes` bytes. Returns what it said, whole lines only. */
async function writeUntilKilled(directory: string, bytes: number): Promise<{ id: string; seq: number }[]> {
  const child = spawn(process.execPath, ['--conditions=@ccb/source', '--import', TSX, WRITER, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env.PATH, HOME: directory },
  });
  const exit = once(child, 'exit');
  let said = '';
  child.stdout.setEncoding('latin1').on('data', (text: string) => {
    said += text;
    if (said.length >= bytes) child.kill('SIGKILL');
  });
  expect((await exit)[1]).toBe('SIGKILL');
  return said
    .split('\n')
    .slice(0, -1)
    .map((line) => ({ id: line.split(' ')[0] as string, seq: Number(line.split(' ')[1]) }));
}

describe('a process that is killed while it writes', () => {
  it('loses no line that it had told of and no id that began, time after time', async () => {
    const directory = freshDirectory();
    const ids = new Set<string>();
    let begun: number[] = [];
    for (let round = 0; round < 6; round++) {
      const said = await writeUntilKilled(directory, 200 + round * 4001);
      for (const { id } of said) ids.add(id);
      begun = begun.concat(said.map(({ seq }) => seq));
      const journal = openJournal(crashImage(directory), { segmentBytes: 20_000, retainBytes: 30_000 });
      expect([...ids]).toEqual([journal.id]);
      expect(journal.lastSeq).toBeGreaterThanOrEqual(said.at(-1)?.seq as number);
      expect(journal.unended.length).toBeLessThanOrEqual(1);
      // The first of two numbers is that of a begin.
      for (const { seq } of said.filter((_, i) => i % 2 === 0)) {
        expect(journal.lookup(`id-${seq}`)?.beginSeq).toBe(seq);
      }
      journal.close();
    }
    expect(begun.every((seq, i) => i === 0 || seq > (begun[i - 1] as number))).toBe(true);
  });
});
