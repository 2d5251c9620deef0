import { stripVTControlCharacters, styleText } from 'node:util';
import { printable } from './printable.ts';

export interface TableOptions {
  /** Of the terminal; absent: nothing is cut off. */
  readonly columns?: number | undefined;
  readonly color: boolean;
}

const GAP = '  ';

/** Rows under a head, each column as wide as it needs; the last one is cut off where the terminal ends. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  { columns, color }: TableOptions,
): string {
  const clean = rows.map((row) => row.map(printable));
  const widths = head.map((title, index) =>
    Math.max(title.length, ...clean.map((row) => stripVTControlCharacters(row[index] ?? '').length)),
  );
  const line = (cells: readonly string[]): string => {
    const text = cells
      .map((cell, index) => (index === cells.length - 1 ? cell : cell.padEnd(widths[index] ?? 0)))
      .join(GAP)
      .trimEnd();
    return columns === undefined || text.length <= columns ? text : `${text.slice(0, Math.max(1, columns - 1))}…`;
  };
  const title = line(head);
  const first = color ? styleText('bold', title, { validateStream: false }) : title;
  return [first, ...clean.map(line)].map((text) => `${text}\n`).join('');
}
