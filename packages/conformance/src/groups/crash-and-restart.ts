import type { Group } from '../bench.ts';

export const crashAndRestart: Group = {
  name: 'crash and restart',
  define(_cases) {},
};
