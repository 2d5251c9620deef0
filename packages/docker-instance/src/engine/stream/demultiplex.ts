import { InstanceError } from '@ccb/instance-interface';

export interface StreamPart {
  readonly stream: 'stdout' | 'stderr';
  /** A view of the chunk that was fed. */
  readonly bytes: Uint8Array;
}

/** The framing of the engine is broken. Nothing after it can be trusted. */
export class FramingError extends InstanceError {
  /** From the first byte of the stream. */
  readonly offset: number;
  /** What the same chunk brought in front of it. */
  readonly before: readonly StreamPart[];

  constructor(message: string, offset: number, before: readonly StreamPart[] = []) {
    super('CCB_PROTOCOL', message);
    this.offset = offset;
    this.before = before;
  }
}

const HEADER_BYTES = 8;
// The engine's own messages are a line; only a broken engine sends more.
const MAX_SYSTEM_ERROR_BYTES = 4096;

/**
 * Takes apart the engine's framing of stdout and stderr in one stream: a header of 8 bytes (the stream, 3 zeros, the
 * length in 32 bits, big endian), then the payload. A frame is passed on as it comes, never collected. Streams of a
 * terminal have no frames: only the inspected `Tty` tells.
 */
export class Demultiplexer {
  readonly #header: Uint8Array = new Uint8Array(HEADER_BYTES);
  #headerBytes = 0;
  #stream: StreamPart['stream'] | 'engine' = 'stdout';
  #left = 0;
  #offset = 0;
  #frameOffset = 0;
  #message: Uint8Array[] = [];
  #error: FramingError | undefined;

  /** @throws {FramingError} CCB_PROTOCOL, this time and every time after it */
  feed(chunk: Uint8Array): readonly StreamPart[] {
    if (this.#error) throw new FramingError(this.#error.message, this.#error.offset);
    const parts: StreamPart[] = [];
    let at = 0;
    while (at < chunk.length) {
      if (this.#left === 0) {
        at += this.#feedHeader(chunk, at, parts);
        continue;
      }
      const bytes = chunk.subarray(at, at + this.#left);
      at += bytes.length;
      this.#offset += bytes.length;
      this.#left -= bytes.length;
      if (this.#stream === 'engine') this.#feedMessage(bytes, parts);
      else parts.push({ stream: this.#stream, bytes });
    }
    return parts;
  }

  /** The stream has ended. @throws {FramingError} CCB_PROTOCOL: inside a frame, or after a broken one */
  end(): void {
    if (this.#error) throw new FramingError(this.#error.message, this.#error.offset);
    if (this.#left === 0 && this.#headerBytes === 0) return;
    const missing = this.#left === 0 ? 'its header is incomplete' : `${this.#left} bytes of it are missing`;
    this.#fail(
      `The engine's stream ended at byte ${this.#offset}, inside the frame of byte ${this.#frameOffset}: ${missing}.`,
      this.#offset,
      [],
    );
  }

  #feedHeader(chunk: Uint8Array, at: number, parts: readonly StreamPart[]): number {
    if (this.#headerBytes === 0) this.#frameOffset = this.#offset;
    const taken = chunk.subarray(at, at + HEADER_BYTES - this.#headerBytes);
    this.#header.set(taken, this.#headerBytes);
    this.#headerBytes += taken.length;
    this.#offset += taken.length;
    if (this.#headerBytes === HEADER_BYTES) {
      this.#headerBytes = 0;
      this.#openFrame(parts);
    }
    return taken.length;
  }

  #openFrame(parts: readonly StreamPart[]): void {
    const [stream = 0, zero1 = 0, zero2 = 0, zero3 = 0, b3 = 0, b2 = 0, b1 = 0, b0 = 0] = this.#header;
    if (stream > 3 || (zero1 | zero2 | zero3) !== 0) {
      const seen = Array.from(this.#header, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
      this.#fail(
        `The engine's stream has no frame header at byte ${this.#frameOffset} (${seen}). Is it the stream of a terminal?`,
        this.#frameOffset,
        parts,
      );
    }
    this.#left = b3 * 0x1000000 + (b2 << 16) + (b1 << 8) + b0;
    // 0 is what an engine echoes of stdin; 3 is the engine speaking of its own failure.
    this.#stream = stream === 3 ? 'engine' : stream === 2 ? 'stderr' : 'stdout';
  }

  #feedMessage(bytes: Uint8Array, parts: readonly StreamPart[]): void {
    this.#message.push(bytes.slice());
    const size = this.#message.reduce((sum, piece) => sum + piece.length, 0);
    if (this.#left > 0 && size < MAX_SYSTEM_ERROR_BYTES) return;
    const said = Buffer.concat(this.#message).toString('utf8', 0, MAX_SYSTEM_ERROR_BYTES).trim();
    this.#fail(
      `The engine broke its stream off at byte ${this.#frameOffset}, and said: ${said}`,
      this.#frameOffset,
      parts,
    );
  }

  #fail(message: string, offset: number, before: readonly StreamPart[]): never {
    this.#error = new FramingError(message, offset, before);
    throw this.#error;
  }
}
