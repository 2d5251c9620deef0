import fc from 'fast-check';
import { expect, test } from 'vitest';
import { NewlineUndo } from './newline-undo.ts';

test('what a terminal does to newlines is undone, whatever the text and the chunks', () => {
  const text = fc
    .array(fc.constantFrom('\r', '\n', '\r\n', 'a', 'é'), { maxLength: 20 })
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(text, fc.array(fc.nat(6), { maxLength: 6 }), (written, cuts) => {
      const shown = Buffer.from(written.replaceAll('\n', '\r\n'));
      const undo = new NewlineUndo();
      const back: Buffer[] = [];
      let from = 0;
      for (const length of [...cuts, shown.length]) {
        back.push(Buffer.from(undo.push(shown.subarray(from, from + length))));
        from = Math.min(from + length, shown.length);
      }
      back.push(undo.flush());
      expect(Buffer.concat(back).toString()).toBe(written);
    }),
  );
});
