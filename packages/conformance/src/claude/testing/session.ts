import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** One line of Claude Code's stream-json output; only what tests look at. */
export interface Line {
  readonly type: string;
  readonly subtype?: string;
  readonly event?: {
    readonly type: string;
    readonly delta?: { readonly type: string; readonly text?: string; readonly thinking?: string };
  };
  readonly message?: {
    readonly content: string | readonly { readonly type: string; readonly name?: string; readonly input?: unknown }[];
  };
  readonly request_id?: string;
  readonly request?: { readonly subtype: string; readonly tool_name?: string; readonly input?: unknown };
  readonly result?: string;
  readonly is_error?: boolean;
  readonly api_error_status?: number | null;
  readonly stop_reason?: string | null;
  readonly terminal_reason?: string;
}

/** What one prompt brought about, up to its `result` line. */
export interface Turn {
  readonly lines: readonly Line[];
  /** The text deltas, joined. */
  readonly text: string;
  readonly thoughts: string;
  /** How many text deltas there were. */
  readonly pieces: number;
  readonly result: Line;
}

/** A conversation with a real `claude -p` that speaks stream-json. */
export class Session {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly exited: Promise<unknown>;
  /** The answer to every question for a permission. */
  allow = true;
  stderr = '';

  constructor(executable: string, options: { cwd: string; env: Record<string, string>; args?: readonly string[] }) {
    const streams = ['--input-format', 'stream-json', '--output-format', 'stream-json', '--include-partial-messages'];
    this.#child = spawn(
      executable,
      ['-p', '--verbose', ...streams, '--permission-prompt-tool', 'stdio', ...(options.args ?? [])],
      { cwd: options.cwd, env: options.env, stdio: ['pipe', 'pipe', 'pipe'] },
    );
    this.exited = once(this.#child, 'close');
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    this.#lines = createInterface({ input: this.#child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  /** Sends a prompt and reads until its result, or until `seen` says that it has seen enough. */
  async turn(prompt: string, seen: (line: Line) => boolean = () => false): Promise<Turn> {
    this.#send({ type: 'user', message: { role: 'user', content: prompt } });
    return this.read(seen);
  }

  async read(seen: (line: Line) => boolean = () => false): Promise<Turn> {
    const lines: Line[] = [];
    for (;;) {
      const next = await this.#lines.next();
      if (next.done) throw new Error(`Claude Code ended in the middle of a turn: ${this.stderr}`);
      const line = JSON.parse(next.value) as Line;
      lines.push(line);
      if (line.request?.subtype === 'can_use_tool') this.#decide(line);
      if (line.type === 'result' || seen(line)) return summary(lines, line);
    }
  }

  interrupt(): void {
    this.#send({ type: 'control_request', request_id: 'interrupt', request: { subtype: 'interrupt' } });
  }

  /** Ends Claude Code by the end of its input. */
  async end(): Promise<void> {
    this.#child.stdin?.end();
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 5_000);
    await this.exited;
    clearTimeout(timer);
  }

  #decide({ request, request_id }: Line): void {
    const response = this.allow
      ? { behavior: 'allow', updatedInput: request?.input }
      : { behavior: 'deny', message: 'Not now.' };
    this.#send({ type: 'control_response', response: { subtype: 'success', request_id, response } });
  }

  #send(line: object): void {
    this.#child.stdin?.write(`${JSON.stringify(line)}\n`);
  }
}

function summary(lines: readonly Line[], result: Line): Turn {
  const deltas = lines.flatMap((line) => line.event?.delta ?? []);
  const texts = deltas.flatMap((delta) => delta.text ?? []);
  return {
    lines,
    result,
    text: texts.join(''),
    pieces: texts.length,
    thoughts: deltas.map((delta) => delta.thinking ?? '').join(''),
  };
}
