/** What a control-mode client reads. */
export type ControlEvent =
  /** `mine`: the answer to a command of this client's stdin, and not to the one that it was started with. */
  | { readonly type: 'reply'; readonly ok: boolean; readonly mine: boolean; readonly lines: readonly string[] }
  | { readonly type: 'notification'; readonly name: string; readonly args: string };

interface Block {
  readonly number: string;
  readonly mine: boolean;
  readonly lines: string[];
}

const NEWLINE = 10;
const guard = /^%(begin|end|error) \d+ (\d+) (\d+)$/;

/** Turns the bytes of tmux's control mode into events, whatever the chunks. */
export class ControlParser {
  readonly #onEvent: (event: ControlEvent) => void;
  #rest: Buffer[] = [];
  #block: Block | undefined;

  constructor(onEvent: (event: ControlEvent) => void) {
    this.#onEvent = onEvent;
  }

  push(chunk: Buffer): void {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, from)) {
      const piece = chunk.subarray(from, end);
      // Lines are decoded whole: a character may be cut by a chunk's end.
      this.#line((this.#rest.length === 0 ? piece : Buffer.concat([...this.#rest, piece])).toString());
      this.#rest = [];
      from = end + 1;
    }
    if (from < chunk.length) this.#rest.push(Buffer.from(chunk.subarray(from)));
  }

  #line(line: string): void {
    const [, kind, number = '', flags] = line.startsWith('%') ? (guard.exec(line) ?? []) : [];
    const block = this.#block;
    if (block !== undefined) {
      // A line of the answer may look like an end; the number tells.
      if (kind !== undefined && kind !== 'begin' && number === block.number) {
        this.#block = undefined;
        this.#onEvent({ type: 'reply', ok: kind === 'end', mine: block.mine, lines: block.lines });
      } else block.lines.push(line);
    } else if (kind === 'begin') this.#block = { number, mine: (Number(flags) & 1) === 1, lines: [] };
    else if (line.startsWith('%')) {
      const space = line.indexOf(' ');
      const name = space === -1 ? line : line.slice(0, space);
      this.#onEvent({ type: 'notification', name, args: space === -1 ? '' : line.slice(space + 1) });
    }
  }
}
