import type { ToolCall } from '@ccb/instance-interface';
import { titleLine } from './bounds.ts';
import { type Json, optionalText } from './json.ts';

const KINDS: ReadonlyMap<string, ToolCall['kind']> = new Map<string, ToolCall['kind']>([
  ['Read', 'read'],
  ['NotebookRead', 'read'],
  ['Edit', 'edit'],
  ['MultiEdit', 'edit'],
  ['Write', 'edit'],
  ['NotebookEdit', 'edit'],
  ['Bash', 'execute'],
  ['BashOutput', 'execute'],
  ['KillBash', 'execute'],
  ['KillShell', 'execute'],
  ['Grep', 'search'],
  ['Glob', 'search'],
  ['LS', 'search'],
  ['ToolSearch', 'search'],
  ['WebFetch', 'fetch'],
  ['WebSearch', 'fetch'],
  ['web_fetch', 'fetch'],
  ['web_search', 'fetch'],
  ['Agent', 'think'],
  ['Task', 'think'],
  ['EnterPlanMode', 'switch_mode'],
  ['ExitPlanMode', 'switch_mode'],
]);

/** What of a tool's input says best what it does, for people. */
const TELLING: readonly string[] = [
  'command',
  'file_path',
  'notebook_path',
  'path',
  'pattern',
  'url',
  'query',
  'description',
  'skill',
  'subject',
];

/** Tools whose name and object read as one: "Read src/x.ts". */
const VERBS: ReadonlySet<string> = new Set(['Read', 'NotebookRead', 'Edit', 'MultiEdit', 'Write', 'NotebookEdit']);

export function kindOf(name: string): ToolCall['kind'] {
  return KINDS.get(name) ?? 'other';
}

/** What a tool does, for people: "Bash: ls -la", "Read src/x.ts", "github: create_issue". Without its input: its name. */
export function titleOf(name: string, input: Json = {}): string {
  const label = labelOf(name);
  // A search is told by what it looks for, not by where.
  const keys = kindOf(name) === 'search' ? ['pattern', 'query', ...TELLING] : TELLING;
  const object = keys.map((key) => titleLine(optionalText(input, key) ?? '')).find((text) => text !== '');
  if (object === undefined) return label;
  return titleLine(`${label}${VERBS.has(name) ? ' ' : ': '}${object}`);
}

function labelOf(name: string): string {
  if (name === 'Task') return 'Agent';
  const [, server, tool] = /^mcp__(.+?)__(.+)$/.exec(name) ?? [];
  return titleLine(server === undefined ? name : `${server}: ${tool}`);
}
