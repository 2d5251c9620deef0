import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { campaign } from './campaign.ts';
import { Random } from './random.ts';
import { Subject } from './subject.ts';
import { Tally } from './tally.ts';

const options = { count: 1, seed: 1, log: () => {} };

describe('a campaign', () => {
  it('ends what its body left running, and finds nothing left', async () => {
    let subject: Subject | undefined;
    const { violations } = await campaign('test', options, async ({ sandbox }) => {
      const instance = await sandbox.create();
      await instance.start();
      subject = new Subject(instance.record);
      await instance.detach();
      expect(subject.agents()).toHaveLength(1);
    });
    expect(violations).toEqual([]);
    expect(subject?.agents()).toEqual([]);
    expect(existsSync(subject?.directory ?? '/')).toBe(false);
  });

  it('counts what its body throws as a violation, and cleans up all the same', async () => {
    let home = '';
    const { violations } = await campaign('test', options, async ({ sandbox }) => {
      home = sandbox.home;
      await (await sandbox.create()).start();
      throw new Error('it went wrong');
    });
    expect(violations[0]).toBe('campaign: it went wrong');
    expect(existsSync(home)).toBe(false);
  });

  it('counts what is left behind as a violation', async () => {
    const { violations } = await campaign('test', options, async ({ sandbox }) => {
      writeFileSync(join(sandbox.home, 'forgotten'), '');
    });
    expect(violations).toEqual(['aftermath: forgotten is there']);
  });
});

describe('a tally', () => {
  it('notes a hole, a repetition and foreign text', () => {
    const tally = new Tally('', '');
    for (const text of ['', '1\n2', '1\n2\n3\n']) tally.beginning('the text', text, '1\n2\n3\n');
    expect(tally.violations).toEqual([]);
    for (const text of ['1\n3', '1\n1\n2', 'x', '1\n2\n3\n4']) tally.beginning('the text', text, '1\n2\n3\n');
    expect(tally.violations).toHaveLength(4);
  });

  it('keeps the worst of each figure', () => {
    const tally = new Tally('', '');
    for (const ms of [3, 12.34, 7]) tally.most('the end', ms, 'ms');
    tally.count('completed', 2);
    expect(tally.row().figures).toBe('2 completed; the end ≤ 12 ms');
  });
});

describe('random decisions', () => {
  it('are the same for the same seed', () => {
    const draws = (seed: number): number[] => {
      const random = new Random(seed);
      return Array.from({ length: 100 }, () => random.integer(1, 6));
    };
    expect(draws(7)).toEqual(draws(7));
    expect(draws(7)).not.toEqual(draws(8));
    expect(new Set(draws(7))).toEqual(new Set([1, 2, 3, 4, 5, 6]));
  });
});
