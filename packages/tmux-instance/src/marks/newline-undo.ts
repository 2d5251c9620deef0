const CR = 13;

const CARRIAGE_RETURN: Buffer = Buffer.from('\r');

/** Undoes what a terminal in its usual mode does to each newline: it puts a carriage return before it. */
export class NewlineUndo {
  #held = false;

  /** @returns the bytes as the program wrote them; the memory may be the chunk's */
  push(chunk: Buffer): Buffer {
    const bytes = this.#held ? Buffer.concat([CARRIAGE_RETURN, chunk]) : chunk;
    this.#held = bytes.at(-1) === CR;
    const end = this.#held ? bytes.length - 1 : bytes.length;
    let next = bytes.indexOf('\r\n');
    if (next === -1) return bytes.subarray(0, end);
    const out = Buffer.allocUnsafe(end);
    let [from, to] = [0, 0];
    while (next !== -1) {
      to += bytes.copy(out, to, from, next);
      from = next + 1;
      next = bytes.indexOf('\r\n', from);
    }
    to += bytes.copy(out, to, from, end);
    return out.subarray(0, to);
  }

  /** The end: a carriage return that waited for a newline was one. */
  flush(): Buffer {
    const held = this.#held;
    this.#held = false;
    return held ? CARRIAGE_RETURN : Buffer.alloc(0);
  }
}
