import { afterEach, describe, test } from 'vitest';
import { defineConformance } from '../define.ts';
import { memorySpec } from './memory-spec.ts';

defineConformance(memorySpec(), { describe, test: (name, body) => test(name, body, 30_000), afterEach });
defineConformance(
  { ...memorySpec(), name: 'memory, used again', reuse: true },
  { describe, test: (name, body) => test(name, body, 30_000), afterEach },
);
