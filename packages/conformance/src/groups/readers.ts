import type { Group } from '../bench.ts';

export const readers: Group = {
  name: 'slow and absent readers',
  define(_cases) {},
};
