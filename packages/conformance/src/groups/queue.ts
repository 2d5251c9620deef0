import type { Group } from '../bench.ts';

export const queue: Group = {
  name: 'queue',
  define(_cases) {},
};
