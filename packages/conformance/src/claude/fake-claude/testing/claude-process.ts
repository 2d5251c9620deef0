import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fakeClaudeFile } from '../../../claude-files.ts';

/** Anything that a line of stdout may be. */
// biome-ignore lint/suspicious/noExplicitAny: tests look into messages of many shapes
export type Message = any;

const deadlineMs = 10_000;
const streaming = [
  '-p',
  '--input-format',
  'stream-json',
  '--output-format',
  'stream-json',
  '--verbose',
  '--include-partial-messages',
];

/** HOME and working directory of the processes of one test. */
export class Place implements Disposable {
  readonly #root: string = realpathSync(mkdtempSync(join(tmpdir(), 'fake-claude-')));
  readonly home: string = this.directory('home');
  readonly cwd: string = this.directory('cwd');

  directory(name: string): string {
    const path = join(this.#root, name);
    mkdirSync(path, { recursive: true });
    return path;
  }

  [Symbol.dispose](): void {
    rmSync(this.#root, { recursive: true, force: true });
  }
}

export interface ClaudeOptions {
  readonly place: Place;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly file?: string;
}

/** A `claude` under test, spoken to in stream-json. */
export class ClaudeProcess implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly exited: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  /** All lines of stdout, parsed where they are JSON. */
  readonly messages: Message[] = [];
  stdout: Buffer = Buffer.alloc(0);
  stderr = '';
  stdoutEnded = false;
  #parsed = 0;
  #changed: (() => void)[] = [];

  constructor({ place, args = ['--permission-prompt-tool', 'stdio'], env = {}, cwd = place.cwd, file }: ClaudeOptions) {
    this.child = spawn(file ?? fileURLToPath(fakeClaudeFile), [...streaming, ...args], {
      cwd,
      env: { PATH: process.env.PATH, HOME: place.home, CLAUDE_CODE_MAX_RETRIES: '2', ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.exited = once(this.child, 'exit').then(([code, signal]) => ({ code, signal }));
    this.child.stdin?.on('error', () => {});
    this.child.stdout?.on('data', (bytes: Buffer) => this.#read(bytes));
    this.child.stdout?.on('end', () => {
      this.stdoutEnded = true;
      this.#notify();
    });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
      this.#notify();
    });
  }

  send(...messages: object[]): void {
    this.child.stdin?.write(messages.map((message) => `${JSON.stringify(message)}\n`).join(''));
  }

  prompt(text: string): void {
    this.send(promptMessage(text));
  }

  /** Sends a prompt; resolves to its result. */
  async ask(text: string): Promise<Message> {
    const before = this.messages.length;
    this.prompt(text);
    return this.until((message) => message.type === 'result', before);
  }

  interrupt(id = 'interrupt'): void {
    this.send(interruptMessage(id));
  }

  /** Answers what the program asks next. */
  async answer(response: object, from = 0): Promise<Message> {
    const question = await this.until((message) => message.request?.subtype === 'can_use_tool', from);
    this.send({
      type: 'control_response',
      response: { subtype: 'success', request_id: question.request_id, response },
    });
    return question;
  }

  /** The first message that is so, from the `from`th on. */
  until(so: (message: Message) => boolean, from = 0): Promise<Message> {
    return this.when(() => this.messages.slice(from).find(so));
  }

  /** The first truth that what was read so far comes to. */
  async when<T>(truth: () => T | undefined | false): Promise<T> {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.#notify();
    }, deadlineMs);
    try {
      for (;;) {
        const found = truth();
        if (found !== undefined && found !== false) return found;
        if (late) throw new Error(`Nothing like that came:\n${this.stdout}${this.stderr}`);
        await new Promise<void>((resolve) => this.#changed.push(resolve));
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** The text of all deltas from the `from`th message on. */
  text(from = 0): string {
    return this.messages
      .slice(from)
      .map((message) => message?.event?.delta?.text ?? '')
      .join('');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill('SIGKILL');
    await this.exited;
  }

  #read(bytes: Buffer): void {
    this.stdout = Buffer.concat([this.stdout, bytes]);
    for (let end = this.stdout.indexOf(10, this.#parsed); end >= 0; end = this.stdout.indexOf(10, this.#parsed)) {
      const line = this.stdout.toString('utf8', this.#parsed, end);
      this.#parsed = end + 1;
      this.messages.push(parsed(line));
    }
    this.#notify();
  }

  #notify(): void {
    for (const changed of this.#changed.splice(0)) changed();
  }
}

export function promptMessage(text: string): object {
  return { type: 'user', message: { role: 'user', content: text } };
}

export function interruptMessage(id = 'interrupt', more: object = {}): object {
  return { type: 'control_request', request_id: id, request: { subtype: 'interrupt', ...more } };
}

function parsed(line: string): Message {
  try {
    return JSON.parse(line) ?? { type: 'not a message' };
  } catch {
    return { type: 'not a message' };
  }
}

/** The content of a file that is about to be made. Bounded; blocks, as only a test may. */
export function waitForFile(path: string): string {
  waitUntil('[ -s "$1" ]', path);
  return readFileSync(path, 'utf8').trim();
}

/** Waits for a text in a file; nothing else is read meanwhile. Bounded. */
export function waitForText(path: string, text: string): void {
  waitUntil('grep -qF "$2" "$1"', path, text);
}

/** Waits until a process is stopped by SIGSTOP. Bounded. */
export function waitUntilStopped(pid: number): void {
  waitUntil('grep -q "^State:.T" "$1"', `/proc/${pid}/status`);
}

function waitUntil(condition: string, ...args: string[]): void {
  const script = `until ${condition}; do sleep 0.02; done`;
  execFileSync('sh', ['-c', script, 'sh', ...args], { timeout: deadlineMs, stdio: ['ignore', 'ignore', 'ignore'] });
}
