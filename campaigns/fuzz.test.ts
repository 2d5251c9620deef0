import { expect, test } from 'vitest';
import { run } from './fuzz.ts';

test('20,000 hostile lines do no harm to an agent and to a client', { timeout: 60_000 }, async () => {
  const { violations, rows } = await run({ count: 20_000, seed: 20_260_101, log: () => {} });
  expect(violations).toEqual([]);
  expect(rows.map(({ times }) => times)).toEqual([10_000, 10_000, 1]);
});
