import type { Group } from '../bench.ts';

export const concurrency: Group = {
  name: 'concurrency',
  define(_cases) {},
};
