import type { CommandResult } from '@ccb/instance-interface';
import type { JournalFrame } from '../../protocol/frames.ts';

const at = '2026-01-01T00:00:00.000Z';

export function begin(seq: number, id: string): JournalFrame {
  return { type: 'begin', seq, id, at, digest: 'd', text: `run ${id}` };
}

export function text(seq: number, id: string, output: string): JournalFrame {
  return { type: 'event', seq, id, at, event: { type: 'text', text: output } };
}

export function late(seq: number, id: string, output: string): JournalFrame {
  return { type: 'event', seq, id, at, event: { type: 'text', text: output, late: true } };
}

export function end(seq: number, id: string): JournalFrame {
  return { type: 'end', seq, id, at, result: completed(id) };
}

export function completed(id: string): CommandResult {
  return {
    id,
    durationMs: 1,
    outputBytes: 0,
    completedBy: 'program',
    inferred: false,
    success: true,
    status: 'completed',
  };
}
