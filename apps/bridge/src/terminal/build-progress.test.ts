import { beforeEach, expect, test } from 'vitest';
import { BuildProgress } from './build-progress.ts';
import { Notices } from './notices.ts';
import { StatusLine } from './status-line.ts';

const FROM_REGISTRY = [
  'Step 1/2 : FROM node:24',
  '3f4ca61aafcd: Downloading [=====>     ]  12MB/29MB',
  '3f4ca61aafcd: Pull complete',
  'Step 2/2 : RUN apt-get update',
  ' ---> Running in\u001b[31m 0123',
  '0123456789ab',
];

let said: string;
let shown: string[];
beforeEach(() => {
  said = '';
  shown = [];
});

function take(lines: readonly string[], everyLine: boolean): void {
  const terminal = { write: (text: string) => (said += text) };
  const status = new StatusLine(terminal, false);
  status.update = (activity) => void shown.push(activity);
  const notices = new Notices({ terminal, status, quiet: false, verbose: false, color: false });
  const progress = new BuildProgress({ notices, status, everyLine });
  for (const line of lines) progress.take(line);
}

test('a terminal keeps the steps, and shows what happens within them', () => {
  take(FROM_REGISTRY, false);
  expect(said).toBe('ccb: Step 1/2 : FROM node:24\nccb: Step 2/2 : RUN apt-get update\n');
  expect(shown).toEqual([FROM_REGISTRY[1], FROM_REGISTRY[2], '---> Running in [31m 0123', '0123456789ab']);
});

test('elsewhere every line is kept, but for those that are told many times a second', () => {
  take(FROM_REGISTRY, true);
  expect(said.split('\n')).toEqual([
    'ccb: Step 1/2 : FROM node:24',
    'ccb: 3f4ca61aafcd: Pull complete',
    'ccb: Step 2/2 : RUN apt-get update',
    'ccb: ---> Running in [31m 0123',
    '',
  ]);
});

test('what ccb has to say itself stays on a terminal, too', () => {
  take(['Step 1/2 : FROM node:24', 'No network for that. Building …', 'No Claude Code on PATH: …'], false);
  expect(said).toContain('ccb: No network for that. Building …\nccb: No Claude Code on PATH: …\n');
});
