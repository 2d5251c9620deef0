import type { Group } from '../bench.ts';

export const timeouts: Group = {
  name: 'time-outs',
  define(_cases) {},
};
