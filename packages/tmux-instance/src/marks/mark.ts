/** A mark of ours: an OSC 133 sequence that carries the nonce of this launch. Without the nonce it is plain output. */
export interface Mark {
  /**
   * `L` the program was launched · `A` prompt begins · `B` prompt ends: input is awaited · `C` output begins · `D` the
   * command ended · `P` the input is not finished · `X` the program ended
   */
  readonly kind: string;
  /** What stands between the kind and the nonce. */
  readonly fields: readonly string[];
}
