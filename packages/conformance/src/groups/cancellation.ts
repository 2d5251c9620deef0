import type { Group } from '../bench.ts';

export const cancellation: Group = {
  name: 'cancellation at every moment',
  define(_cases) {},
};
