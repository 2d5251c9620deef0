import type { StallCause, StallOptions } from '@ccb/instance-interface';
import { stallCauses } from '../protocol/command-update.ts';

/** How what is wrong is told to whoever gave the options. */
export type Refuse = (field: string, expected: string) => Error;

/** Unknown JSON in, options out, without what was left undefined. @throws what `refuse` makes of the field's path */
export function parseStall(value: unknown, refuse: Refuse): StallOptions {
  const stall = entries(value, 'stall', ['afterMs', 'limitsMs'], refuse);
  const { afterMs } = stall;
  if (afterMs !== undefined) assertMs(afterMs, 'stall.afterMs', refuse);
  if (stall.limitsMs === undefined) return afterMs === undefined ? {} : { afterMs };
  const limitsMs: Partial<Record<StallCause, number>> = {};
  for (const [cause, limit] of Object.entries(entries(stall.limitsMs, 'stall.limitsMs', stallCauses, refuse))) {
    if (limit === undefined) continue;
    assertMs(limit, `stall.limitsMs.${cause}`, refuse);
    limitsMs[cause as StallCause] = limit;
  }
  return afterMs === undefined ? { limitsMs } : { afterMs, limitsMs };
}

function entries(
  value: unknown,
  path: string,
  known: readonly string[],
  refuse: Refuse,
): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refuse(path, 'an object');
  const unknown = Object.keys(value).find((key) => !known.includes(key));
  if (unknown !== undefined) throw refuse(`${path}.${unknown}`, `absent: there are ${known.join(', ')}`);
  return value as Record<string, unknown>;
}

function assertMs(value: unknown, path: string, refuse: Refuse): asserts value is number {
  if (!Number.isSafeInteger(value) || (value as number) < 1) {
    throw refuse(path, 'a whole number of milliseconds, 1 or more');
  }
}
