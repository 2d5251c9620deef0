import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { Journal, type JournalOptions } from '../journal.ts';

const roots: string[] = [];
const journals: Journal[] = [];

afterEach(() => {
  for (const journal of journals.splice(0)) journal.close();
  for (const root of roots.splice(0)) rmSync(root, { recursive: true, force: true });
});

/** A path for a journal, which does not exist yet; gone after the test. */
export function freshDirectory(): string {
  const root = mkdtempSync(join(tmpdir(), 'ccb-journal-'));
  roots.push(root);
  return join(root, 'journal');
}

/** What a process that is killed now would leave. */
export function crashImage(directory: string): string {
  const image = freshDirectory();
  cpSync(directory, image, { recursive: true });
  return image;
}

/** Closed after the test. */
export function openJournal(directory: string, options?: JournalOptions): Journal {
  const journal = Journal.open(directory, options);
  journals.push(journal);
  return journal;
}
