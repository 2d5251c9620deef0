/** How a program in a pane ended. */
export type ProgramEnd =
  /** By itself, or by a signal: 128 + its number. */
  | { readonly kind: 'exited'; readonly status: number }
  /** The pane's own process was killed, so that nobody saw the status. */
  | { readonly kind: 'lost'; readonly reason: string }
  /** Pane or session are gone: somebody closed them. */
  | { readonly kind: 'closed'; readonly reason: string };
