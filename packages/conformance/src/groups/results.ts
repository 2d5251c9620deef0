import type { Group } from '../bench.ts';

export const results: Group = {
  name: 'results and errors',
  define(_cases) {},
};
