import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lastMessage } from './transcript.ts';

let root: string;
let path: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'ccb-transcript-'));
  path = join(root, 'transcript.jsonl');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const assistant = (stopReason: string | null, at: string, more: object = {}): string =>
  JSON.stringify({ type: 'assistant', timestamp: at, message: { stop_reason: stopReason }, ...more });

describe('lastMessage', () => {
  it('is the last of the main conversation’s, whatever stands behind it', () => {
    const lines = [
      assistant('tool_use', '2026-01-01T00:00:00.000Z'),
      assistant('end_turn', '2026-01-01T00:00:01.000Z'),
      assistant('max_tokens', '2026-01-01T00:00:02.000Z', { isSidechain: true }),
      JSON.stringify({ type: 'user', message: { content: 'says "assistant"' } }),
      '{"type":"assistant","half',
    ];
    writeFileSync(path, lines.join('\n'));
    expect(lastMessage(path)).toEqual({ stopReason: 'end_turn', at: Date.parse('2026-01-01T00:00:01.000Z') });
  });

  it('is found at the end of a long file, of which the rest is not read', () => {
    writeFileSync(path, `${'x'.repeat(2_000_000)}\n${assistant(null, '2026-01-01T00:00:00.000Z')}\n`);
    expect(lastMessage(path)).toEqual({ stopReason: undefined, at: Date.parse('2026-01-01T00:00:00.000Z') });
  });

  it('is not there without a file, in an empty one, and behind a link', () => {
    expect(lastMessage(path)).toBeUndefined();
    writeFileSync(path, '');
    expect(lastMessage(path)).toBeUndefined();
    writeFileSync(path, assistant('end_turn', '2026-01-01T00:00:00.000Z'));
    symlinkSync(path, join(root, 'link'));
    expect(lastMessage(join(root, 'link'))).toBeUndefined();
    expect(lastMessage(root)).toBeUndefined();
  });
});
