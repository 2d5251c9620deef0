import type { Group } from '../bench.ts';

export const observeAndHold: Group = {
  name: 'observe and hold',
  define(_cases) {},
};
