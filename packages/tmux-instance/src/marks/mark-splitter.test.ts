import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Mark } from './mark.ts';
import { MarkSplitter } from './mark-splitter.ts';

const nonce = 'abc123';

/** Everything found, data joined between marks. */
function split(chunks: readonly Buffer[]): readonly (string | Mark)[] {
  const found: (string | Mark)[] = [];
  const splitter = new MarkSplitter({
    data(bytes) {
      const last = found.at(-1);
      if (typeof last === 'string') found[found.length - 1] = last + bytes.toString('latin1');
      else found.push(bytes.toString('latin1'));
    },
    mark: (mark) => found.push(mark),
  });
  splitter.nonce = nonce;
  for (const chunk of chunks) splitter.push(chunk);
  splitter.flush();
  return found;
}

const own = `\x1b]133;D;3;7;k=${nonce}\x07`;
const mark: Mark = { kind: 'D', fields: ['3', '7'] };
const samples: readonly (readonly [string, string, readonly (string | Mark)[]])[] = [
  ['a mark between outputs', `before${own}after`, ['before', mark, 'after']],
  ['marks without anything between', own + own, [mark, mark]],
  ['one without a nonce', '\x1b]133;D;0\x07x', ['\x1b]133;D;0\x07x']],
  ['one with another nonce', '\x1b]133;D;0;k=abc124\x07', ['\x1b]133;D;0;k=abc124\x07']],
  ['a true one inside an unfinished false one', `\x1b]133;D;0;${own}!`, ['\x1b]133;D;0;', mark, '!']],
  ['one that ends as titles do', `\x1b]133;D;0;k=${nonce}\x1b\\x`, [`\x1b]133;D;0;k=${nonce}\x1b\\x`]],
  ['one that is never finished', `\x1b]133;D;0;k=${nonce}`, [`\x1b]133;D;0;k=${nonce}`]],
  [
    'one that is too long',
    `\x1b]133;${'x'.repeat(600)};k=${nonce}\x07`,
    [`\x1b]133;${'x'.repeat(600)};k=${nonce}\x07`],
  ],
  ['escapes that begin like one', '\x1b]13\x1b]1\x1b\x1b]133\x07', ['\x1b]13\x1b]1\x1b\x1b]133\x07']],
];

test.each(samples)('%s is the same however it is cut', (_, text, expected) => {
  const bytes = Buffer.from(text, 'latin1');
  for (let cut = 0; cut <= bytes.length; cut += 1)
    expect(split([bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual(expected);
  expect(split([...bytes].map((byte) => Buffer.of(byte)))).toEqual(expected);
});

test('nothing is lost, whatever the output and the chunks', () => {
  const piece = fc.oneof(
    fc.constantFrom(own, '\x1b]133;', '\x1b', '\x07', `;k=${nonce}\x07`, '\x1b]133;A\x07', 'text\r\n'),
    fc.string({ unit: 'binary', maxLength: 8 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), fc.array(fc.nat(40), { maxLength: 8 }), (pieces, cuts) => {
      const bytes = Buffer.from(pieces.join(''));
      const chunks: Buffer[] = [];
      let from = 0;
      for (const length of cuts) {
        chunks.push(bytes.subarray(from, from + length));
        from += length;
      }
      chunks.push(bytes.subarray(Math.min(from, bytes.length)));
      const found = split(chunks);
      expect(found).toEqual(split([bytes]));
      const back = found.map((each) =>
        typeof each === 'string' ? each : `\x1b]133;${[each.kind, ...each.fields].join(';')};k=${nonce}\x07`,
      );
      expect(back.join('')).toBe(bytes.toString('latin1'));
    }),
    { numRuns: 40 },
  );
});
