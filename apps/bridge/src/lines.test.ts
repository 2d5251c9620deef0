import { expect, test } from 'vitest';
import { lines } from './lines.ts';

async function linesOf(...chunks: Uint8Array[]): Promise<string[]> {
  const found: string[] = [];
  for await (const line of lines(chunks as unknown as AsyncIterable<Uint8Array>)) found.push(line);
  return found;
}

test('lines are the same however the bytes are cut', async () => {
  const bytes = Buffer.from('first\r\n\nzwölf 🙂\u2028still\n\n last');
  const expected = ['first', '', 'zwölf 🙂\u2028still', '', ' last'];
  for (let one = 0; one <= bytes.length; one++) {
    for (let two = one; two <= bytes.length; two++) {
      expect(await linesOf(bytes.subarray(0, one), bytes.subarray(one, two), bytes.subarray(two))).toEqual(expected);
    }
  }
});

test('no bytes are no lines', async () => {
  expect(await linesOf()).toEqual([]);
});

test('bytes that are not UTF-8 are refused, after the lines before them', async () => {
  const found: string[] = [];
  const reading = (async () => {
    const chunks = [Buffer.from('good\n'), Buffer.from([0xff, 0x0a])] as unknown as AsyncIterable<Uint8Array>;
    for await (const line of lines(chunks)) found.push(line);
  })();
  await expect(reading).rejects.toThrow(expect.objectContaining({ code: 'CCB_USAGE' }));
  expect(found).toEqual(['good']);
});
