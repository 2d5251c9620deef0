import { FrameError } from './check.ts';

/** Deeper ones can be read, but not written as JSON again: that takes more stack than there is. */
const MAX_DEPTH = 64;
const PER_VALUE = 4;

/** How large a value is, roughly its length as JSON. @throws {FrameError} it is deeper than 64 */
export function extentOf(value: unknown, path: string, depth: number = 0): number {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null) return PER_VALUE;
  if (depth === MAX_DEPTH) throw new FrameError(path, `at most ${MAX_DEPTH} levels deep`);
  let sum = PER_VALUE;
  if (Array.isArray(value)) {
    for (const entry of value) sum += PER_VALUE + extentOf(entry, path, depth + 1);
    return sum;
  }
  const members = value as Readonly<Record<string, unknown>>;
  for (const key in members) sum += key.length + PER_VALUE + extentOf(members[key], path, depth + 1);
  return sum;
}
