import type { Turn } from '../driver.ts';
import { type DecodedPiece, Utf8Decoder } from '../utf8-decoder.ts';
import { ProgramFifo } from './program-fifo.ts';

interface Stream {
  readonly fifo: ProgramFifo;
  readonly write: (pieces: readonly DecodedPiece[]) => void;
  readonly decoder: Utf8Decoder;
}

/** The two FIFOs that take what one command, and the background children it leaves, write. */
export class OutputPair {
  readonly name: string;
  readonly stdoutPath: string;
  readonly stderrPath: string;
  readonly #stdout: Stream;
  readonly #stderr: Stream;
  #turn: Turn | undefined;

  /** Both FIFOs exist. */
  constructor(name: string) {
    this.name = name;
    [this.stdoutPath, this.stderrPath] = pairPaths(name);
    this.#stdout = this.#open('stdout', this.stdoutPath);
    try {
      this.#stderr = this.#open('stderr', this.stderrPath);
    } catch (error) {
      this.#stdout.fifo.close();
      throw error;
    }
  }

  attach(turn: Turn): void {
    this.#turn = turn;
  }

  /**
   * The command has ended: gives the turn everything that was written before now.
   * @returns true: the pair is free again. false: a background child holds it; what that writes goes to the same turn,
   *   and `onEnd` is called after the last of it.
   */
  settle(onEnd: () => void): boolean {
    const streams = this.#turn?.stderr === 'merge' ? [this.#stdout] : [this.#stdout, this.#stderr];
    let held = 0;
    for (const { fifo, decoder, write } of streams) {
      const free = fifo.release(() => {
        write(decoder.flush());
        held -= 1;
        if (held === 0) onEnd();
      });
      write(decoder.flush());
      if (!free) held += 1;
    }
    if (held > 0) return false;
    this.#turn = undefined;
    return true;
  }

  pause(): void {
    this.#stdout.fifo.pause();
    this.#stderr.fifo.pause();
  }

  resume(): void {
    this.#stdout.fifo.resume();
    this.#stderr.fifo.resume();
  }

  close(): void {
    this.#stdout.fifo.close();
    this.#stderr.fifo.close();
  }

  #open(name: 'stdout' | 'stderr', path: string): Stream {
    const decoder = new Utf8Decoder();
    const write = (pieces: readonly DecodedPiece[]): void => {
      for (const { text, bytes } of pieces) this.#turn?.write(name, text, bytes);
    };
    return { fifo: new ProgramFifo(path, (chunk) => write(decoder.push(chunk))), decoder, write };
  }
}

export function pairPaths(name: string): readonly [stdout: string, stderr: string] {
  return [`${name}.out`, `${name}.err`];
}
