import { closeSync, constants, existsSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const TAIL_BYTES = 256 * 1024;
const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;

/** The model's last message in a conversation. */
export interface LastMessage {
  readonly stopReason: string | undefined;
  /** ms since the epoch. */
  readonly at: number;
}

/** Where Claude Code keeps a conversation. Its folder's name comes from the workspace's path in a way that changes: any will do. */
export function findTranscript(env: Readonly<Record<string, string>>, sessionId: string): string | undefined {
  const home = env.HOME === undefined || env.HOME === '' ? homedir() : env.HOME;
  const configuration = env.CLAUDE_CONFIG_DIR || join(home, '.claude');
  const projects = join(configuration, 'projects');
  let folders: readonly string[];
  try {
    folders = readdirSync(projects);
  } catch {
    return undefined;
  }
  for (const folder of folders) {
    const path = join(projects, folder, `${sessionId}.jsonl`);
    if (existsSync(path)) return path;
  }
  return undefined;
}

/** Looks at the end of the file alone. undefined: none there, or it cannot be read. */
export function lastMessage(path: string): LastMessage | undefined {
  const lines = readTail(path)?.split('\n') ?? [];
  for (const line of lines.reverse()) {
    const found = assistantMessage(line);
    if (found !== undefined) return found;
  }
  return undefined;
}

function readTail(path: string): string | undefined {
  try {
    const fd = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    try {
      const stat = fstatSync(fd);
      if (!stat.isFile()) return undefined;
      const tail = Buffer.alloc(Math.min(stat.size, TAIL_BYTES));
      const length = readSync(fd, tail, 0, tail.length, stat.size - tail.length);
      return tail.toString('utf8', 0, length);
    } finally {
      closeSync(fd);
    }
  } catch {
    return undefined;
  }
}

function assistantMessage(line: string): LastMessage | undefined {
  if (!line.includes('"assistant"')) return undefined;
  try {
    const { type, isSidechain, timestamp, message } = JSON.parse(line) as Record<string, unknown>;
    if (type !== 'assistant' || isSidechain === true) return undefined;
    const stopReason = (message as { readonly stop_reason?: unknown } | undefined)?.stop_reason;
    const at = Date.parse(String(timestamp));
    if (Number.isNaN(at)) return undefined;
    return { stopReason: typeof stopReason === 'string' ? stopReason : undefined, at };
  } catch {
    // The line that the tail begins in, or one that is being written.
    return undefined;
  }
}
