import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseAgentFrame } from './agent-frame.ts';
import { parseHostFrame } from './host-frame.ts';

const page = readFileSync(new URL('../../../../docs/protocol.md', import.meta.url), 'utf8');
const source = readFileSync(new URL('./frames.ts', import.meta.url), 'utf8');

/** Types of frames in a stretch of the schema. */
function typesIn(from: string, to: string): readonly string[] {
  const part = source.slice(source.indexOf(from), source.indexOf(to));
  return [...part.matchAll(/readonly type: '(\w+)'/g)].map(([, type]) => type as string);
}

describe.each([
  ['host', parseHostFrame, typesIn('export type HostFrame', 'export type AgentFrame')],
  ['agent', parseAgentFrame, typesIn('export interface AgentHello', 'export type ProgramHealth')],
] as const)('the page tells of the frames of the %s', (side, parse, types) => {
  const [, block = ''] = new RegExp(`\`\`\`jsonl ${side}\\n([\\s\\S]*?)\`\`\``).exec(page) ?? [];
  const examples = block
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { readonly type: string });

  test.each(examples)('$type is one', (example) => {
    expect(parse(example)).toMatchObject({ type: example.type });
  });

  test('all of them, and no others', () => {
    expect(new Set(examples.map(({ type }) => type))).toEqual(new Set(types));
    for (const type of types) expect(page).toMatch(new RegExp(`^\\| \`${type}\` `, 'm'));
  });
});
