import { randomUUID } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Content, type ModelMessage, modelName, version } from './messages.ts';
import { wholeUsage } from './usage.ts';

/** The file of one conversation: a JSON object a line. */
export class Transcript {
  readonly sessionId: string;
  readonly #path: string;
  readonly #cwd: string;
  #parent: string | null = null;
  #prompt: string = randomUUID();
  #lastPrompt: string | undefined;
  readonly #prompts: string[] = [];

  constructor(cwd: string, sessionId: string) {
    this.sessionId = sessionId;
    this.#cwd = cwd;
    this.#path = transcriptFile(cwd, sessionId);
    if (existsSync(this.#path)) this.#read();
  }

  /** The texts of all prompts so far. */
  get prompts(): readonly string[] {
    return this.#prompts;
  }

  enqueued(text: string): void {
    this.#append({
      type: 'queue-operation',
      operation: 'enqueue',
      timestamp: now(),
      sessionId: this.sessionId,
      content: text,
    });
  }

  dequeued(): void {
    this.#append({ type: 'queue-operation', operation: 'dequeue', timestamp: now(), sessionId: this.sessionId });
  }

  prompt(text: string, permissionMode: string, uuid: string = randomUUID()): void {
    this.#prompt = randomUUID();
    this.#lastPrompt = text;
    this.#prompts.push(text);
    this.#line({
      promptId: this.#prompt,
      type: 'user',
      message: { role: 'user', content: text },
      uuid,
      timestamp: now(),
      permissionMode,
      promptSource: 'sdk',
    });
  }

  /** What a tool gave back, or that the user interrupted. */
  user(content: readonly object[], toolUseResult?: object | string): void {
    this.#line({
      promptId: this.#prompt,
      type: 'user',
      message: { role: 'user', content },
      uuid: randomUUID(),
      timestamp: now(),
      ...(toolUseResult === undefined ? {} : { toolUseResult }),
    });
  }

  assistant(message: ModelMessage, content: Content, stopReason: string | null): void {
    this.#line({
      message: {
        id: message.id,
        type: 'message',
        role: 'assistant',
        model: modelName,
        content: [content],
        stop_reason: stopReason,
        stop_sequence: null,
        usage: wholeUsage(message.tokens),
        stop_details: null,
      },
      requestId: message.requestId,
      type: 'assistant',
      uuid: randomUUID(),
      timestamp: now(),
    });
  }

  synthetic(message: object, apiError: boolean): void {
    this.#line({ type: 'assistant', uuid: randomUUID(), timestamp: now(), message, isApiErrorMessage: apiError });
  }

  close(): void {
    if (this.#lastPrompt === undefined) return;
    const { sessionId } = this;
    this.#append({ type: 'last-prompt', lastPrompt: this.#lastPrompt, leafUuid: this.#parent, sessionId });
  }

  #line(fields: { readonly uuid: string; readonly [field: string]: unknown }): void {
    this.#append({
      parentUuid: this.#parent,
      isSidechain: false,
      ...fields,
      userType: 'external',
      entrypoint: 'sdk-cli',
      cwd: this.#cwd,
      sessionId: this.sessionId,
      version,
      gitBranch: 'HEAD',
    });
    this.#parent = fields.uuid;
  }

  #append(line: object): void {
    mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
    appendFileSync(this.#path, `${JSON.stringify(line)}\n`, { mode: 0o600 });
  }

  #read(): void {
    for (const line of readFileSync(this.#path, 'utf8').split('\n')) {
      const entry = parsed(line);
      if (typeof entry.uuid === 'string') this.#parent = entry.uuid;
      const content = entry.type === 'user' ? (entry.message as { content?: unknown } | undefined)?.content : undefined;
      if (typeof content === 'string') this.#prompts.push(content);
    }
  }
}

/** Where the conversations of a working directory lie. */
export function projectDirectory(cwd: string): string {
  const config = process.env.CLAUDE_CONFIG_DIR ?? join(homedir(), '.claude');
  return join(config, 'projects', cwd.replace(/[^a-zA-Z0-9]/g, '-'));
}

/** Where a conversation lies. It exists from its first prompt on. */
export function transcriptFile(cwd: string, sessionId: string): string {
  return join(projectDirectory(cwd), `${sessionId}.jsonl`);
}

// The last line may be torn: its writer may have been killed.
function parsed(line: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return {};
  }
}

function now(): string {
  return new Date().toISOString();
}
