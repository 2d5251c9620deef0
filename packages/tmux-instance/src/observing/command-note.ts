/** The command in flight, as its holder notes it at the pane for whoever observes: an option value without spaces. */
export function commandNote(id: string): string {
  return Buffer.from(JSON.stringify({ id, startedAt: new Date().toISOString() })).toString('base64url');
}

/** Undefined: nothing runs, or what is written there is none of ours. */
export function parseNote(note: string | undefined): { readonly id: string; readonly startedAt: string } | undefined {
  if (note === undefined || note === '') return undefined;
  try {
    const { id, startedAt } = JSON.parse(Buffer.from(note, 'base64url').toString()) as Record<string, unknown>;
    return typeof id === 'string' && typeof startedAt === 'string' ? { id, startedAt } : undefined;
  } catch {
    return undefined;
  }
}
