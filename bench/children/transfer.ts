/** A program that writes so many bytes. */
export interface Stream {
  readonly argv: readonly [string, ...string[]];
  readonly bytes: number;
}

export interface Transfer {
  readonly bytes: number;
  readonly ms: number;
}
