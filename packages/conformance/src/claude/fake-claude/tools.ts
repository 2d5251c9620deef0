import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { closeSync, fstatSync, mkdirSync, openSync, readFileSync, readSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { version } from './messages.ts';
import type { Tasks } from './tasks.ts';

/** What a tool did, for the model and for who reads the stream. */
export interface ToolResult {
  readonly content: string;
  readonly failed: boolean;
  /** `tool_use_result` of the message. */
  readonly details: object | string;
}

/** How tools are used. */
export interface ToolContext {
  readonly cwd: string;
  readonly sessionId: string;
  readonly tasks: Tasks;
  readonly signal: AbortSignal;
  /** A Bash command runs. */
  started(): void;
}

const longest = 30_000;

/** What the model may use. Plans are made of tasks, unless those are turned off. */
export function toolNames(): string[] {
  const plans = ['0', 'false'].includes(process.env.CLAUDE_CODE_ENABLE_TASKS ?? '')
    ? ['TodoWrite']
    : ['TaskCreate', 'TaskUpdate'];
  return ['Bash', ...plans, 'Write'];
}

export async function useTool(
  name: string,
  input: Readonly<Record<string, unknown>>,
  context: ToolContext,
): Promise<ToolResult> {
  switch (name) {
    case 'Bash':
      return bash(String(input.command), context);
    case 'Write':
      return write(resolve(context.cwd, String(input.file_path)), String(input.content));
    case 'TaskCreate':
      return context.tasks.create(String(input.subject));
    case 'TaskUpdate':
      return context.tasks.update(String(input.taskId), String(input.status));
    default:
      return todos(input.todos);
  }
}

/** What a use comes to that did not happen or did not work. */
export function failure(message: string): ToolResult {
  return { content: message, failed: true, details: `Error: ${message}` };
}

async function bash(command: string, { cwd, sessionId, signal, started }: ToolContext): Promise<ToolResult> {
  const path = join(tmpdir(), `claude-${randomUUID()}`);
  // A file, not a pipe: what the command leaves in the background may hold it open.
  const output = openSync(path, 'wx+', 0o600);
  try {
    unlinkSync(path);
    const child = spawn('/bin/sh', ['-c', command], {
      cwd,
      detached: true,
      stdio: ['ignore', output, output],
      env: {
        ...process.env,
        AI_AGENT: `claude-code_${version.replaceAll('.', '-')}_agent`,
        CLAUDECODE: '1',
        CLAUDE_CODE_CHILD_SESSION: '1',
        CLAUDE_CODE_ENTRYPOINT: 'sdk-cli',
        CLAUDE_CODE_SESSION_ID: sessionId,
        GIT_EDITOR: 'true',
      },
    });
    const kill = (): void => {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    };
    const code = await new Promise<number>((done, failed) => {
      signal.addEventListener('abort', kill);
      child.once('spawn', started);
      child.once('error', failed);
      child.once('exit', (code, name) => done(code ?? (name === null ? 1 : 137)));
    }).finally(() => signal.removeEventListener('abort', kill));
    return told(command, code, readBack(output));
  } finally {
    closeSync(output);
  }
}

function told(command: string, code: number, output: string): ToolResult {
  const text = output.length > longest ? `${output.slice(0, longest)}\n\n... [output truncated]` : output;
  if (code !== 0) return failure(text === '' ? `Exit code ${code}` : `Exit code ${code}\n${text}`);
  const details = {
    stdout: text,
    stderr: '',
    interrupted: false,
    isImage: false,
    noOutputExpected: /^(touch|mkdir|rm|mv|cp)\b/.test(command),
  };
  return { content: text === '' ? '(Bash completed with no output)' : text, failed: false, details };
}

function readBack(file: number): string {
  const bytes = Buffer.alloc(Math.min(fstatSync(file).size, 4 * longest + 4));
  const read = readSync(file, bytes, 0, bytes.length, 0);
  return bytes.toString('utf8', 0, read).trimEnd();
}

function write(path: string, content: string): ToolResult {
  const before = contentOf(path);
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  } catch (error) {
    return failure((error as Error).message);
  }
  const told =
    before === null ? `File created successfully at: ${path}` : `The file ${path} has been updated successfully.`;
  return {
    content: `${told} (file state is current in your context — no need to Read it back)`,
    failed: false,
    details: {
      type: before === null ? 'create' : 'update',
      filePath: path,
      content,
      structuredPatch: [],
      originalFile: before,
      userModified: false,
    },
  };
}

function contentOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

function todos(newTodos: unknown): ToolResult {
  return {
    content:
      'Todos have been modified successfully. Ensure that you continue to use the todo list to track your progress. Please proceed with the current tasks if applicable',
    failed: false,
    details: { oldTodos: [], newTodos },
  };
}
