import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatCursor, parseCursor, seqOfCursor } from './cursor.ts';
import { newJournalId } from './state.ts';

describe('a cursor', () => {
  it('comes back as it went out', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e15 }), (seq) => {
        const journalId = newJournalId();
        expect(parseCursor(formatCursor(journalId, seq))).toEqual({ journalId, seq });
      }),
      { seed: 1 },
    );
  });

  it.each([
    '',
    'abc',
    'abcdefghijkl',
    'abcdefghijkl.',
    'abcdefghijkl.-1',
    'abcdefghijkl.01',
    'abcdefghijkl.1e3',
    'ABCDEFGHIJKL.1',
    'abcdefghijkl.9999999999999999',
    'abcdefghijkl.1\n',
  ])('is a TypeError when it reads %j', (text) => {
    expect(() => parseCursor(text)).toThrow(TypeError);
  });

  it('of another journal is lost', () => {
    expect(seqOfCursor('abcdefghijkl.7', 'abcdefghijkl')).toBe(7);
    expect(() => seqOfCursor('abcdefghijkl.7', 'zbcdefghijkl')).toThrow(
      expect.objectContaining({ code: 'CCB_JOURNAL_LOST' }),
    );
  });
});
