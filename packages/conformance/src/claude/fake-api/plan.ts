import { planEntries } from '../prompt.ts';
import type { Conversation } from './conversation.ts';
import type { ToolUse } from './reply.ts';

const use = (name: string, input: ToolUse['input']): ToolUse => ({ type: 'tool_use', name, input });

/**
 * The tools to call next to make a plan, or the last words. Claude Code has had two kinds of tools for plans: TodoWrite,
 * which takes the whole plan, and TaskCreate with TaskUpdate, one entry at a time. Either may have to be loaded first.
 */
export function nextPlanStep({ tools, deferred, results }: Conversation): readonly ToolUse[] | string {
  const failure = results.find((result) => result.failed);
  if (failure) return `plan failed: ${failure.text}`;
  const done = (tool: string): boolean => results.some((result) => result.tool === tool);
  const has = (tool: string): boolean => tools.includes(tool) || (deferred.includes(tool) && done('ToolSearch'));

  if (done('TodoWrite') || done('TaskUpdate')) return 'planned';
  if (has('TodoWrite')) return [use('TodoWrite', { todos: planEntries })];
  if (has('TaskCreate')) return done('TaskCreate') ? updates(results.map((result) => result.text)) : creations();
  const known = ['TodoWrite', 'TaskCreate', 'TaskUpdate'].filter((tool) => deferred.includes(tool));
  if (known.length === 0 || !tools.includes('ToolSearch')) return 'no tool for plans';
  return [use('ToolSearch', { query: `select:${known.join(',')}`, max_results: known.length })];
}

const creations = (): ToolUse[] =>
  planEntries.map(({ content, activeForm }) =>
    use('TaskCreate', { subject: content, description: content, activeForm }),
  );

/** A new task is pending; its id is in the tool's answer: `Task #1 created successfully: …`. */
function updates(answers: readonly string[]): ToolUse[] {
  const ids = answers.flatMap((answer) => /^Task #(\w+) created/.exec(answer)?.[1] ?? []);
  return planEntries.flatMap(({ status }, i) => {
    const taskId = ids[i];
    return taskId === undefined || status === 'pending' ? [] : [use('TaskUpdate', { taskId, status })];
  });
}
