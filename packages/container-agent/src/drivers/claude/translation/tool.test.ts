import { expect, test } from 'vitest';
import { kindOf, titleOf } from './tool.ts';

test.each([
  ['Bash', { command: 'ls -la', description: 'Lists' }, 'Bash: ls -la', 'execute'],
  ['Bash', { command: '\n  cd x\nls' }, 'Bash: cd x', 'execute'],
  ['Read', { file_path: 'src/x.ts' }, 'Read src/x.ts', 'read'],
  ['Edit', { file_path: 'a' }, 'Edit a', 'edit'],
  ['Write', { file_path: 'a' }, 'Write a', 'edit'],
  ['NotebookEdit', { notebook_path: 'a.ipynb' }, 'NotebookEdit a.ipynb', 'edit'],
  ['Grep', { path: 'src', pattern: 'TODO' }, 'Grep: TODO', 'search'],
  ['Glob', { pattern: '*.ts' }, 'Glob: *.ts', 'search'],
  ['WebFetch', { url: 'https://example.com/' }, 'WebFetch: https://example.com/', 'fetch'],
  ['WebSearch', { query: 'weather' }, 'WebSearch: weather', 'fetch'],
  ['Task', { description: 'Look around', prompt: 'Long' }, 'Agent: Look around', 'think'],
  ['ExitPlanMode', { plan: '# Plan' }, 'ExitPlanMode', 'switch_mode'],
  ['mcp__github__create_issue', { title: 'Bug' }, 'github: create_issue', 'other'],
  ['Unheard', {}, 'Unheard', 'other'],
  ['Bash', { command: 7 }, 'Bash', 'execute'],
])('%s %j is "%s", of the kind %s', (name, input, title, kind) => {
  expect(titleOf(name, input)).toBe(title);
  expect(kindOf(name)).toBe(kind);
});

test('a title is one line of 200 characters at most', () => {
  expect(titleOf('Bash', { command: 'x'.repeat(1_000) })).toBe(`Bash: ${'x'.repeat(193)}…`);
});
