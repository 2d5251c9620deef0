import { groups } from '../groups/groups.ts';
import { countsOf, type Trial } from './trials.ts';

/** The command that makes the page. */
const command = 'npx -y pnpm@12.21.0 mutants';

/** The page about the suite, with the table of all trials. */
export function markdown(trials: readonly Trial[]): string {
  const cases = trials[0]?.findings.cases ?? {};
  const mutants = trials.flatMap(({ mutant }) => mutant ?? []);
  const total = Object.values(cases).reduce((sum, count) => sum + count, 0);
  const both = mutants.flatMap(({ name, also = [] }) => also.map(({ group, because }) => ({ name, group, because })));
  return `# Conformance

What every backend behind ccb's \`InstanceInterface\` must pass: ${total} cases in ${groups.length} groups, from \`@ccb/conformance\`. A backend
proves itself in one call, in any test runner:

\`\`\`ts
import { defineConformance, shellCommands } from '@ccb/conformance';

defineConformance(
  {
    name: 'mine',
    commands: shellCommands,
    create: ({ name, signal }) => MyInstance.create({ name }, { signal }),
    reopen: (record) => MyInstance.open(record),
    faults: { killProgram, killAgent: null, killBackend: null, freeze: null },
    leaks: async () => listWhatIsOurs(),
  },
  { describe, test, afterEach },
);
\`\`\`

A capability that is \`false\` is not skipped: the suite then asserts \`CCB_NOT_SUPPORTED\`. A fault that the backend cannot
suffer is \`null\`, on purpose.

## What the suite finds

The suite is run against a correct backend in memory, and against ${mutants.length} mutants of it, each broken in one small way. Made by

\`\`\`
${command}
\`\`\`

● cases of that group fail; blank: all pass. Each group is named with the number of its cases.

${table(trials, cases)}

${groups.map(({ name }, index) => `${index + 1}. ${name}: ${cases[name] ?? 0} cases`).join('\n')}

A mutant should be found by the group that is about it, and by no other. Those that two groups cannot help finding:

${both.map(({ name, group, because }) => `- ${name}, by “${group.name}” too: ${because}`).join('\n')}
`;
}

function table(trials: readonly Trial[], cases: Readonly<Record<string, number>>): string {
  const rows: (readonly [string, ...string[]])[] = [
    ['What is broken', ...groups.map((_, index) => String(index + 1))],
    ...trials.map(({ mutant, findings }): readonly [string, ...string[]] => {
      const counts = countsOf(findings);
      return [
        mutant?.name ?? '**nothing: the correct one**',
        ...groups.map(({ name }) => (counts.has(name) ? '●' : '')),
      ];
    }),
    ['_cases_', ...groups.map(({ name }) => String(cases[name] ?? 0))],
  ];
  const width = Math.max(...rows.map(([what]) => what.length));
  const [head = '', ...body] = rows.map(([what, ...cells]) => line([what.padEnd(width), ...cells.map(centred)]));
  return [head, line(['-'.repeat(width), ...groups.map(() => ':-:')]), ...body].join('\n');
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function centred(cell: string): string {
  return cell.padStart(Math.floor((3 + cell.length) / 2)).padEnd(3);
}
