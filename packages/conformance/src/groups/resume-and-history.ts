import type { Group } from '../bench.ts';

export const resumeAndHistory: Group = {
  name: 'resume and history',
  define(_cases) {},
};
