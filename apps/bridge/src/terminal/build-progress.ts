import type { Notices } from './notices.ts';
import { printable } from './printable.ts';
import type { StatusLine } from './status-line.ts';

export interface BuildProgressOptions {
  readonly notices: Notices;
  readonly status: StatusLine;
  /** Else the steps alone stay on the terminal, and what happens within them is its last line. */
  readonly everyLine: boolean;
}

const STEP = /^Step \d+\/\d+ ?: /;
/** How much of a layer is here, and what no person can use: told many times a second. */
const NOISE = /\[[=> ]+\]|^(sha256:)?[0-9a-f]{12,64}$/;
/** From here on ccb speaks, and not an engine about its many steps. */
const FALLBACK = /^No network for that/;

/** Shows how the building of an image goes on. */
export class BuildProgress {
  readonly #options: BuildProgressOptions;
  #everyLine: boolean;

  constructor(options: BuildProgressOptions) {
    this.#options = options;
    this.#everyLine = options.everyLine;
  }

  take(text: string): void {
    const { notices, status } = this.#options;
    const line = printable(text);
    this.#everyLine ||= FALLBACK.test(line);
    if (NOISE.test(line)) status.update(line);
    else if (this.#everyLine || STEP.test(line)) notices.info(line);
    else status.update(line);
  }
}
