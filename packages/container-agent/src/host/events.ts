import type { CommandEvent, Cursor, HistoryEntry } from '@ccb/instance-interface';
import { formatCursor } from '../journal/cursor.ts';
import type { JournalFrame } from '../protocol/frames.ts';

export function cursorOf(journalId: string, seq: number): Cursor {
  return formatCursor(journalId, seq);
}

/** The event of a line, with its position. The parsed object is completed in place: no copy on the hot path. */
export function commandEvent(frame: Extract<JournalFrame, { type: 'event' }>, journalId: string): CommandEvent {
  const event = frame.event as { cursor?: Cursor; at?: string };
  event.cursor = cursorOf(journalId, frame.seq);
  event.at = frame.at;
  return event as CommandEvent;
}

export function historyEntry(frame: JournalFrame, journalId: string): HistoryEntry {
  const place = { commandId: frame.id, cursor: cursorOf(journalId, frame.seq), at: frame.at };
  if (frame.type === 'begin') return { ...place, type: 'command', text: frame.text };
  if (frame.type === 'end') return { ...place, type: 'end', result: frame.result };
  // The place last: an event may carry keys of any name.
  return { ...frame.event, ...place };
}
