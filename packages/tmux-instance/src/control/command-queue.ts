import type { Reply, TmuxCommand } from './control.ts';
import { TmuxCommandError } from './tmux-command-error.ts';

interface Line {
  readonly names: readonly string[];
  readonly replies: Reply[];
  readonly resolve: (replies: readonly Reply[]) => void;
  readonly reject: (error: unknown) => void;
}

/** The control lines that were sent and are not answered, oldest first. tmux answers in order, a block for each command. */
export class CommandQueue {
  #lines: Line[] = [];

  /** Settles when every command of the line was answered, or one failed: those after it are not run, and not answered. */
  add(commands: readonly TmuxCommand[]): Promise<readonly Reply[]> {
    return new Promise((resolve, reject) => {
      this.#lines.push({ names: commands.map(([name]) => name), replies: [], resolve, reject });
    });
  }

  answer(ok: boolean, lines: Reply): void {
    const [line] = this.#lines;
    if (line === undefined) return;
    if (!ok) {
      this.#lines.shift();
      line.reject(new TmuxCommandError(line.names[line.replies.length] ?? '', lines.join('\n')));
      return;
    }
    line.replies.push(lines);
    if (line.replies.length < line.names.length) return;
    this.#lines.shift();
    line.resolve(line.replies);
  }

  fail(error: unknown): void {
    const lines = this.#lines;
    this.#lines = [];
    for (const { reject } of lines) reject(error);
  }
}
