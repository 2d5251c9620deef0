import { failure, type ToolResult } from './tools.ts';

/** The plan, as the tools TaskCreate and TaskUpdate keep it. */
export class Tasks {
  readonly #statuses: string[] = [];

  create(subject: string): ToolResult {
    const id = String(this.#statuses.push('pending'));
    return {
      content: `Task #${id} created successfully: ${subject}`,
      failed: false,
      details: { task: { id, subject } },
    };
  }

  update(taskId: string, status: string): ToolResult {
    const index = Number(taskId) - 1;
    const from = this.#statuses[index];
    if (from === undefined) return failure('Task not found');
    this.#statuses[index] = status;
    return {
      content: `Updated task #${taskId} status`,
      failed: false,
      details: { success: true, taskId, updatedFields: ['status'], statusChange: { from, to: status } },
    };
  }
}
