import type { Group } from '../bench.ts';

export const leaks: Group = {
  name: 'leaks',
  define(_cases) {},
};
