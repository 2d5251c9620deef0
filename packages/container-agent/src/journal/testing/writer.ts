import { writeSync } from 'node:fs';
import { Journal } from '../journal.ts';
import { beginLine, endLine, eventLine, put } from './lines.ts';

// Runs commands until it is killed. Says on stdout which line is in the journal, after it is.
const journal = Journal.open(process.argv[2] as string, { segmentBytes: 20_000, retainBytes: 30_000 });
for (const { id } of journal.unended) put(journal, endLine(journal.lastSeq + 1, id));
for (;;) {
  const id = `id-${journal.lastSeq + 1}`;
  put(journal, beginLine(journal.lastSeq + 1, id));
  writeSync(1, `${journal.id} ${journal.lastSeq}\n`);
  for (let i = 0; i < 5; i++) put(journal, eventLine(journal.lastSeq + 1, id, 'x'.repeat(500 * i)));
  put(journal, endLine(journal.lastSeq + 1, id));
  writeSync(1, `${journal.id} ${journal.lastSeq}\n`);
  journal.acknowledge(journal.lastSeq - 3);
}
