import { readFileSync } from 'node:fs';
import type { PermissionRequest, RunEnd } from '@ccb/instance-interface';
import { Ledger } from '../ledger.ts';
import { parseMessage } from '../message.ts';
import { permissionRequest } from '../permission.ts';
import { type OpenTool, Translator, type Update } from '../translator.ts';

/** The versions whose streams were recorded. Ids are shortened; fields that nothing here reads were left out. */
export const versions: readonly string[] = ['2.1.197', '2.1.330'];

/** The recorded streams of one version, by name: the lines that it printed. */
export function fixturesOf(version: string): ReadonlyMap<string, readonly string[]> {
  const file = new URL(`./claude-${version}.jsonl`, import.meta.url);
  const streams = new Map<string, string[]>();
  let lines: string[] = [];
  for (const line of readFileSync(file, 'utf8').trimEnd().split('\n')) {
    const { fixture } = JSON.parse(line) as { readonly fixture?: string };
    if (fixture !== undefined) {
      lines = [];
      streams.set(fixture, lines);
    } else lines.push(line);
  }
  return streams;
}

/** What became of one turn. */
export interface Translated {
  readonly text: string;
  /** The ids of the messages that the text is of, one for each run of pieces. */
  readonly messageIds: readonly (string | undefined)[];
  readonly updates: readonly Update[];
  readonly requests: readonly PermissionRequest[];
  readonly end: RunEnd | undefined;
  readonly openTools: readonly OpenTool[];
  readonly stopReason: string | undefined;
}

/** The turns of a stream: each begins after the result of the one before. */
export function translate(lines: readonly string[], ledger: Ledger = new Ledger()): readonly Translated[] {
  const turns: Translated[] = [];
  for (let start = 0; start < lines.length; ) {
    const at = lines.findIndex((line, index) => index >= start && parseMessage(line).type === 'result');
    const end = at === -1 ? lines.length : at + 1;
    turns.push(turn(lines.slice(start, end), ledger));
    start = end;
  }
  return turns;
}

function turn(lines: readonly string[], ledger: Ledger): Translated {
  const messageIds: (string | undefined)[] = [];
  const updates: Update[] = [];
  const requests: PermissionRequest[] = [];
  let text = '';
  let end: RunEnd | undefined;
  const out = {
    text: (piece: string, messageId?: string): void => {
      text += piece;
      if (messageIds.length === 0 || messageIds.at(-1) !== messageId) messageIds.push(messageId);
    },
    update: (update: Update): void => void updates.push(update),
  };
  const translator = new Translator(out, ledger);
  for (const line of lines) {
    const message = parseMessage(line);
    if (message.type === 'can_use_tool') requests.push(permissionRequest(message));
    end = translator.take(message) ?? end;
  }
  const { openTools, stopReason } = translator;
  return { text, messageIds, updates, requests, end, openTools, stopReason };
}
