/** What a hook of Claude Code said on its stdin; of each event the fields that are used. */
export interface HookEvent {
  readonly name: string;
  /** The file that it came in, without its ending. */
  readonly file: string;
  readonly sessionId: string | undefined;
  readonly transcript: string | undefined;
  /** The whole of it. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Undefined for what is no event. */
export function parseHookEvent(file: string, text: string): HookEvent | undefined {
  let fields: unknown;
  try {
    fields = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof fields !== 'object' || fields === null) return undefined;
  const event = fields as Readonly<Record<string, unknown>>;
  const { hook_event_name: name, session_id: session, transcript_path: transcript } = event;
  if (typeof name !== 'string') return undefined;
  return { name, file, sessionId: textOf(session), transcript: textOf(transcript), fields: event };
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
