import type { Group } from '../bench.ts';

export const streaming: Group = {
  name: 'streaming',
  define(_cases) {},
};
