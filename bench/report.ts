import { type Spread, spread } from './distribution.ts';
import { compared, type Figure, type Unit, verdictOf } from './figure.ts';

export interface Section {
  readonly title: string;
  readonly figures: readonly Figure[];
}

const HEAD = ['figure', 'ccb', 'baseline', 'compared', 'limit', 'goal', 'verdict'];

/** Cells for the terminal, padded. */
export function textTable({ title, figures }: Section): string {
  const rows = [[title, ...HEAD.slice(1)], ...figures.map(cells)];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => (row[column] as string).length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] as number))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** The whole page. */
export function markdownPage(machine: string, command: string, sections: readonly Section[]): string {
  return `# Benchmarks

\`\`\`sh
${command}
\`\`\`

writes this page. Machine: ${machine}

Every figure is taken through the public API of the built packages, against a baseline that does the same work without ccb. The two take turns in a random order, round by round, and are compared within each round: the ratio (×) or the difference (+) holds where absolute times drift. All cells are the median of the rounds, with the least and the greatest in brackets. A figure with a limit has a verdict, by the median: **beaten** reaches the goal, **held** keeps the limit, **missed** does not. The others inform.

${sections.map(markdownSection).join('\n')}
## What is compared

- **Round trip**: 100 characters to the \`echo\` program and back, read with \`for await\`, \`result\` awaited; each command is journaled. Baseline: 100 bytes to a process that gives them back, over two FIFOs with a \`net.Socket\` at each end.
- **Streaming**: the output of \`cat\` (or of a Perl loop that writes 100 bytes at a time) in the \`shell\` program, read with \`for await\`, from the call to the result. Baseline: the program, Node, a FIFO, Node, without a protocol or a journal. New processes for each sample.
- **Replay**: \`resumeCommand\` of a finished answer of 48 MB, from its begin.
- **Agent's footprint**: the agent alone; the program beside it is a process of its own. Baseline: Node with one FIFO open. New processes for each sample.
- **Start**: from the spawn to the first line on a pipe. Baseline: Node with a script that only writes that line.
- **Alternatives**: a command in the running shell, against a new \`bash -c\` for each command.
- **Claude Code**: the same version, offline, driven through an instance, against its own pipes and a line reader. The model is a fake one that answers at once, or a piece each 100 ms; a short answer is four words.
- **Idle**: both directions of the channels open, nothing said, CPU time of one of the two processes.
- **tmux: commands**: \`echo x\` in the shell of a pane, each of our samples the median of 20. Baseline: \`tmux send-keys\` twice (text, Enter) and \`tmux capture-pane\` every so many ms until the end is on the screen, a process for each.
- **tmux: fifty sessions**: on one server, in one process. The flood is \`yes\` with lines of 40 characters, read and dropped.
`;
}

function markdownSection({ title, figures }: Section): string {
  const line = (row: readonly string[]): string => `| ${row.join(' | ')} |`;
  const rows = figures.map((figure) => line(cells(figure).map((cell) => cell.replaceAll('|', '\\|'))));
  return [`## ${title}`, '', line(HEAD), line(HEAD.map(() => '---')), ...rows, ''].join('\n');
}

function cells(figure: Figure): string[] {
  const { name, unit, ours, baseline, compare, bound } = figure;
  const mark = { ratio: ' ×', speedup: ' × as fast', difference: ` ${unit}`, value: ` ${unit}` }[compare];
  const amount = (value: number): string => `${bound?.better === 'lower' ? '≤' : '≥'} ${value}${mark}`;
  return [
    name,
    measured(spread(ours), unit),
    baseline === undefined ? '' : measured(spread(baseline), unit),
    compare === 'value' ? '' : difference(compared(figure), compare, unit),
    bound === undefined ? '' : amount(bound.limit),
    bound === undefined ? '' : amount(bound.goal),
    verdictOf(figure) ?? '',
  ];
}

function measured({ median, min, max }: Spread, unit: Unit): string {
  return `${short(median)} ${unit} (${short(min)}–${short(max)})`;
}

function difference({ median, min, max }: Spread, compare: 'ratio' | 'speedup' | 'difference', unit: Unit): string {
  if (compare === 'speedup') return `${short(median)} × as fast (${short(min)}–${short(max)})`;
  if (compare === 'ratio') return `${median.toFixed(2)} × (${min.toFixed(2)}–${max.toFixed(2)})`;
  const signed = (value: number): string => `${value < 0 ? '−' : '+'}${short(Math.abs(value))}`;
  return `${signed(median)} ${unit} (${signed(min)} to ${signed(max)})`;
}

/** Three digits that mean something. */
function short(value: number): string {
  const size = Math.abs(value);
  if (size >= 100) return value.toFixed(0);
  return size >= 10 ? value.toFixed(1) : value.toFixed(2);
}
