import type { Group } from '../bench.ts';

export const permissions: Group = {
  name: 'permissions',
  define(_cases) {},
};
