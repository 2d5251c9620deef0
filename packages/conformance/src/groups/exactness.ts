import type { Group } from '../bench.ts';

export const exactness: Group = {
  name: 'exactness',
  define(_cases) {},
};
