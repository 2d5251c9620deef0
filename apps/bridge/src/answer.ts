import type { CommandEvent } from '@ccb/instance-interface';
import type { ByteSink } from './byte-sink.ts';
import type { StatusLine } from './terminal/status-line.ts';

export interface AnswerOptions {
  readonly stdout: ByteSink;
  readonly stderr: ByteSink;
  readonly status: StatusLine;
  /** Every event as a line of JSON, instead of the program's bytes. */
  readonly json: boolean;
  /** An answer that does not end its last line gets a newline. */
  readonly endLine: boolean;
  readonly stdoutIsTerminal: boolean;
  readonly stderrIsTerminal: boolean;
}

type Stream = 'stdout' | 'stderr';

/** Carries the events of one command after another to stdout and stderr, byte for byte and no faster than they are read. */
export class Answer {
  readonly #options: AnswerOptions;
  #unfinished: { readonly [S in Stream]: boolean } = { stdout: false, stderr: false };

  constructor(options: AnswerOptions) {
    this.#options = options;
  }

  /** Resolves when the next event may come. */
  async write(event: CommandEvent, signal: AbortSignal): Promise<void> {
    if (this.#options.json) {
      await this.#put('stdout', `${JSON.stringify(event)}\n`, signal);
    } else if (event.type === 'text') {
      const piece = event.bytes === undefined ? event.text : Buffer.from(event.bytes, 'base64');
      if (piece.length > 0) await this.#put(event.stream ?? 'stdout', piece, signal);
    }
  }

  /** To be called when a command has ended. */
  async finish(signal: AbortSignal): Promise<void> {
    const { stdout, stderr } = this.#unfinished;
    this.#unfinished = { stdout: false, stderr: false };
    if (stdout && this.#options.endLine) await this.#options.stdout.write('\n', signal);
    if (stderr && this.#options.stderrIsTerminal) await this.#options.stderr.write('\n', signal);
  }

  async #put(stream: Stream, piece: string | Uint8Array, signal: AbortSignal): Promise<void> {
    const { status, stdoutIsTerminal, stderrIsTerminal } = this.#options;
    status.erase();
    this.#unfinished = { ...this.#unfinished, [stream]: !endsLine(piece) };
    status.hold(
      'answer',
      (stdoutIsTerminal && this.#unfinished.stdout) || (stderrIsTerminal && this.#unfinished.stderr),
    );
    await this.#options[stream].write(piece, signal);
  }
}

function endsLine(piece: string | Uint8Array): boolean {
  return typeof piece === 'string' ? piece.endsWith('\n') : piece.at(-1) === 0x0a;
}
