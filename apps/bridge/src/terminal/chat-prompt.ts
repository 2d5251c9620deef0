import { createInterface, type Interface } from 'node:readline';
import { type ChatHistory, HISTORY_SIZE } from './chat-history.ts';

export interface ChatPromptOptions {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
  readonly prompt: string;
  readonly history: ChatHistory;
}

/**
 * Reads a person's lines. A line editor lives only while a line is awaited: in between the terminal is as the shell left
 * it, so that Ctrl-C is a signal to the running command and a program's prompt for a permission gets its own line.
 */
export class ChatPrompt {
  readonly #options: ChatPromptOptions;
  #history: string[];
  /** Lines that came in one piece with the line before (pasted), and the beginning of the one after. */
  readonly #ahead: string[] = [];
  #begun = '';
  #left = false;

  constructor(options: ChatPromptOptions) {
    this.#options = options;
    this.#history = options.history.load();
  }

  /** The next line; undefined when the person leaves (Ctrl-D, or Ctrl-C twice on an empty line). Blank lines are returned too. */
  async next(signal: AbortSignal): Promise<string | undefined> {
    signal.throwIfAborted();
    if (this.#ahead.length === 0 && !this.#left) await this.#edit(signal);
    return this.#ahead.shift();
  }

  async #edit(signal: AbortSignal): Promise<void> {
    const { input, output, prompt, history } = this.#options;
    const editor = createInterface({
      input,
      output,
      prompt,
      terminal: true,
      history: [...this.#history],
      historySize: HISTORY_SIZE,
      removeHistoryDuplicates: true,
    });
    editor.on('history', (lines: string[]) => {
      this.#history = [...lines];
    });
    const abort = (): void => editor.close();
    signal.addEventListener('abort', abort, { once: true });
    try {
      await new Promise<void>((resolve) => {
        editor.on('line', (line) => {
          this.#ahead.push(line);
          if (line.trim() !== '') history.add(line);
          resolve();
        });
        editor.on('close', () => {
          this.#left = this.#ahead.length === 0;
          resolve();
        });
        this.#clearOnInterrupt(editor);
        editor.prompt();
        editor.write(this.#begun);
      });
      this.#begun = this.#left ? '' : editor.line;
    } finally {
      signal.removeEventListener('abort', abort);
      editor.close();
    }
    if (this.#left) output.write('\n');
    signal.throwIfAborted();
  }

  #clearOnInterrupt(editor: Interface): void {
    const { input, output } = this.#options;
    let again = false;
    input.on('keypress', forget);
    editor.on('close', () => input.off('keypress', forget));
    editor.on('SIGINT', () => {
      if (again && editor.line === '') return editor.close();
      again = true;
      output.write(editor.line === '' ? '\n(Ctrl-C again, or Ctrl-D, leaves)\n' : '^C\n');
      editor.write(null, { ctrl: true, name: 'e' });
      editor.write(null, { ctrl: true, name: 'u' });
      editor.prompt();
    });

    function forget(
      _text: string | undefined,
      key: { readonly ctrl?: boolean; readonly name?: string } | undefined,
    ): void {
      if (!(key?.ctrl && key.name === 'c')) again = false;
    }
  }
}
