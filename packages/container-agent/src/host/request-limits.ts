import { type Cursor, InstanceError } from '@ccb/instance-interface';
import { parseCursor } from '../journal/cursor.ts';
import type { CommandFrame } from '../protocol/frames.ts';

/** What a command's line may weigh on the way there and, as its begin, on the way back. */
const MAX_COMMAND_BYTES = 64 * 1024 * 1024 - 4096;

/** Why a command cannot be sent: the agent would only drop its line. */
export function sizeError({ text }: CommandFrame): InstanceError | undefined {
  // A UTF-16 unit is at most six bytes of JSON: most commands need no counting.
  if (text.length * 6 <= MAX_COMMAND_BYTES) return undefined;
  if (Buffer.byteLength(JSON.stringify(text)) <= MAX_COMMAND_BYTES) return undefined;
  const message = `the command is larger than ${MAX_COMMAND_BYTES} bytes as JSON; put its data into a file of the workspace`;
  return new InstanceError('CCB_PIPE', message);
}

export function cursorError(cursor: Cursor | undefined): InstanceError | undefined {
  if (cursor === undefined) return undefined;
  try {
    parseCursor(cursor);
    return undefined;
  } catch (cause) {
    return new InstanceError('CCB_JOURNAL_LOST', (cause as Error).message, { cause });
  }
}
