import type { Terminal } from '@xterm/headless';

/** Lines above the screen that are kept; a row of 200 columns takes about 2.4 kB. */
const scrollback = 200;

/** What a terminal of this size shows after the bytes that it was given. Loaded only where a detector looks at it. */
export class TerminalScreen {
  readonly #terminal: Terminal;

  private constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  static async create(columns: number, rows: number): Promise<TerminalScreen> {
    const [headless, unicode] = await Promise.all([import('@xterm/headless'), import('@xterm/addon-unicode11')]);
    // CommonJS or not, by who loads them.
    const { Terminal } = headless.default ?? headless;
    const { Unicode11Addon } = unicode.default ?? unicode;
    const terminal = new Terminal({ cols: columns, rows, scrollback, allowProposedApi: true });
    // As wide as tmux shows them.
    terminal.loadAddon(new Unicode11Addon());
    terminal.unicode.activeVersion = '11';
    return new TerminalScreen(terminal);
  }

  /** Resolves when the screen is as it is after these bytes. */
  write(bytes: Uint8Array | string): Promise<void> {
    return new Promise((resolve) => this.#terminal.write(bytes, resolve));
  }

  /** The line that the cursor is on, up to the cursor. */
  get cursorLine(): string {
    const { active } = this.#terminal.buffer;
    const line = active.getLine(active.baseY + active.cursorY);
    return line?.translateToString(false, 0, active.cursorX) ?? '';
  }

  /** The program told that it knows what is pasted (mode 2004). */
  get bracketedPaste(): boolean {
    return this.#terminal.modes.bracketedPasteMode;
  }

  /** What is shown, without the empty lines below. */
  get text(): string {
    const { active } = this.#terminal.buffer;
    const lines: string[] = [];
    for (let row = 0; row < this.#terminal.rows; row += 1) {
      const line = active.getLine(active.baseY + row);
      const text = line?.translateToString(true) ?? '';
      if (line?.isWrapped && lines.length > 0) lines.push((lines.pop() as string) + text);
      else lines.push(text);
    }
    while (lines.at(-1) === '') lines.pop();
    return lines.map((line) => `${line}\n`).join('');
  }

  dispose(): void {
    this.#terminal.dispose();
  }
}
