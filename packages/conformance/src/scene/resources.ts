import { readdirSync } from 'node:fs';

/** What this process has open: descriptors (where the system tells), and what keeps it alive, by kind. */
export async function openResources(): Promise<ReadonlyMap<string, number>> {
  // What was closed in this turn of the event loop is gone in the next one.
  await new Promise((resolve) => setImmediate(resolve));
  const counts = new Map<string, number>([['descriptor', descriptors()]]);
  for (const kind of process.getActiveResourcesInfo()) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}

/**
 * What was left in at least every second of so many rounds: `20 more of PipeWrap`. What the last round closed may still
 * be on its way out.
 */
export function growth(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
  rounds: number,
): readonly string[] {
  return [...after].flatMap(([kind, count]) => {
    const more = count - (before.get(kind) ?? 0);
    return more >= rounds / 2 ? [`${more} more of ${kind}`] : [];
  });
}

function descriptors(): number {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    // Not on this system.
    return 0;
  }
}
