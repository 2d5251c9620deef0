import { closeSync, openSync, writeSync } from 'node:fs';
import type { Workplace } from './workplace.ts';

const LINES = {
  ascii: 'the quick brown fox jumps over the lazy dog and runs away from the small black cat\n',
  utf8: 'Größe — 漢字かな交じり文 naïve café 🚀 the quick brown fox jumps over the lazy dog €12\n',
  code: '  "key": "value with \\"quotes\\" and \\\\ slashes",\n\tif (a["b"] === "c\\n") { return "x"; }\n',
};
const BLOCK_BYTES = 1_000_000;

export interface Input {
  readonly path: string;
  readonly bytes: number;
}

/** A file of this kind of text, in whole lines, of so many MB. */
export function makeInput(place: Workplace, kind: keyof typeof LINES, megabytes: number): Input {
  const line = Buffer.from(LINES[kind]);
  const block = Buffer.from(LINES[kind].repeat(Math.floor(BLOCK_BYTES / line.length)));
  const path = place.path(kind);
  const fd = openSync(path, 'wx');
  let bytes = 0;
  try {
    while (bytes < megabytes * 1e6) bytes += writeSync(fd, block);
  } finally {
    closeSync(fd);
  }
  return { path, bytes };
}
