import { expect, test } from 'vitest';
import { runChaos } from './testing/chaos.ts';

test('whoever is killed, frozen and started again: the ends agree, and nothing stale, torn or out of order arrives', async () => {
  const iterations = 60;
  const result = await runChaos({ iterations, seed: 20_260_101 });
  expect(result.violations).toEqual([]);
  expect(result.converged).toBe(iterations);
  expect(result.delivered).toBeGreaterThan(0);
  expect(Object.keys(result.downs)).toEqual(expect.arrayContaining(['eof', 'new-epoch']));
}, 240_000);
