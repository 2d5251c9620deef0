import { describe, expect, it } from 'vitest';
import { available, type Campaign, campaigns } from './catalogue.ts';

const SEED = 1;

/** Tests that run a tenth of each of these campaigns. */
export function testTenth(isMeant: (campaign: Campaign) => boolean): void {
  // The names of what is skipped belong to the last lines that a run prints.
  const meant = available((line) => process.once('exit', () => console.error(line)), campaigns.filter(isMeant));
  describe.runIf(meant.length > 0)('a tenth of each fault campaign', () => {
    it.each(meant)('$name finds no violation', async ({ count, run }) => {
      const { rows, violations } = await run({ count: Math.ceil(count / 10), seed: SEED, log: () => {} });
      expect(violations).toEqual([]);
      expect(rows.every(({ times }) => times > 0)).toBe(true);
    });
  });
}
