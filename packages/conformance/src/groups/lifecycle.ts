import type { Group } from '../bench.ts';

export const lifecycle: Group = {
  name: 'lifecycle in every state',
  define(_cases) {},
};
