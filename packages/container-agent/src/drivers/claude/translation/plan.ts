import type { CommandUpdate } from '@ccb/instance-interface';
import { clipped } from './bounds.ts';
import { isObject, type Json, optionalList, optionalObject, optionalText } from './json.ts';

type Plan = Extract<CommandUpdate, { type: 'plan' }>;
type Status = Plan['entries'][number]['status'];

// Entries and characters of one: a plan is one frame, however it is escaped.
const MAX_ENTRIES = 50;
const MAX_CONTENT = 120;
const MAX_TASKS = 1_000;

const PLAN_TOOLS: ReadonlySet<string> = new Set(['TodoWrite', 'TaskCreate', 'TaskUpdate', 'TaskList', 'TaskGet']);

/** Tools by which the program keeps its plan. They show as the plan, not as calls of tools. */
export function isPlanTool(name: string): boolean {
  return PLAN_TOOLS.has(name);
}

/**
 * The plan of one conversation. Older versions write all of it with `TodoWrite`, newer ones entry by entry with
 * `TaskCreate` and `TaskUpdate`: so it outlives a turn.
 */
export class TaskPlan {
  readonly #tasks = new Map<string, { readonly content: string; readonly status: Status }>();

  /**
   * Takes what a plan tool did.
   * @param output what the tool gave back, as the program keeps it
   * @returns the whole plan, where that changed it
   */
  take(name: string, input: Json, output: Json): Plan | undefined {
    switch (name) {
      case 'TodoWrite':
        return this.#replace(optionalList(input, 'todos'), 'content');
      case 'TaskList':
        return this.#replace(optionalList(output, 'tasks'), 'subject');
      case 'TaskCreate':
        return this.#create(optionalObject(output, 'task'), input);
      case 'TaskUpdate':
        return this.#update(input, output);
      default:
        return undefined;
    }
  }

  #replace(entries: readonly unknown[], key: string): Plan {
    this.#tasks.clear();
    for (const [index, entry] of entries.filter(isObject).slice(0, MAX_TASKS).entries()) {
      const id = optionalText(entry, 'id') ?? `${index + 1}`;
      this.#set(id, optionalText(entry, key) ?? '', statusOf(entry.status) ?? 'pending');
    }
    return this.#plan();
  }

  #create(task: Json, input: Json): Plan | undefined {
    const id = optionalText(task, 'id');
    const content = optionalText(task, 'subject') ?? optionalText(input, 'subject');
    if (id === undefined || content === undefined || this.#tasks.size >= MAX_TASKS) return undefined;
    this.#set(id, content, 'pending');
    return this.#plan();
  }

  #update(input: Json, output: Json): Plan | undefined {
    const id = optionalText(input, 'taskId') ?? '';
    const task = this.#tasks.get(id);
    if (task === undefined || output.success === false) return undefined;
    if (input.status === 'deleted') this.#tasks.delete(id);
    else this.#set(id, optionalText(input, 'subject') ?? task.content, statusOf(input.status) ?? task.status);
    return this.#plan();
  }

  #set(id: string, content: string, status: Status): void {
    this.#tasks.set(id, { content: clipped(content, MAX_CONTENT), status });
  }

  #plan(): Plan {
    return { type: 'plan', entries: [...this.#tasks.values()].slice(0, MAX_ENTRIES) };
  }
}

function statusOf(value: unknown): Status | undefined {
  return value === 'pending' || value === 'in_progress' || value === 'completed' ? value : undefined;
}
