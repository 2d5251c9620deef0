import type { Call } from '@ccb/instance-interface/abstract';
import type { Mark } from '../marks/mark.ts';
import type { ProgramEnd } from './program-end.ts';

/** Who listens to a pane; called in the order of the bytes. */
export interface PaneListener {
  /** Bytes as the terminal got them, without our marks. The memory is theirs. */
  data(bytes: Buffer): void;
  mark(mark: Mark): void;
  /** The program is gone; nothing of it follows. */
  ended(end: ProgramEnd): void;
  /** What carried the output died; nothing is heard until `gap`. */
  cut?(): void;
  /** It is carried again; what was written in between is lost. */
  gap?(): void;
}

/** A tmux pane in which our program runs, read through its own FIFO from birth. */
export interface Pane {
  /** `%N` */
  readonly id: string;
  /** The program's process, undefined before its launch and after its end. */
  readonly pid: number | undefined;
  /**
   * Gives bytes to the program exactly as they are, whatever mode a person has put the pane in. A NUL cannot be given.
   * @throws {InstanceError} CCB_BACKEND_UNREACHABLE, CCB_TIMEOUT
   */
  paste(bytes: Buffer | string, call?: Call): Promise<void>;
  /** What the terminal shows, with `scrollback` lines above it; wrapped lines are joined. With `escapes` as it is coloured. */
  capture(options: { readonly scrollback?: number; readonly escapes?: boolean }, call?: Call): Promise<string>;
  /** The one listener; nothing is kept for a later one. */
  listen(listener: PaneListener): void;
}
