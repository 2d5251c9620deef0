import type { Capabilities, CommandUpdate, LogEntry } from '@ccb/instance-interface';
import type { Call, Command, RunEnd } from '@ccb/instance-interface/abstract';
import type { Mark } from '../marks/mark.ts';
import type { Pane } from '../pane/pane.ts';
import type { ProgramEnd } from '../pane/program-end.ts';

/** What a run yields. */
export type RunUpdate = string | Exclude<CommandUpdate, { type: 'end' }>;

/** What to run in the pane. The environment is the whole of it, but for TERM, TMUX and TMUX_PANE. */
export interface Launch {
  readonly argv: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

/** Where a program lives. */
export interface Surroundings {
  /** The instance's. */
  readonly name: string;
  readonly instanceId: string;
  /** For files between us and the program: 0700, ours, removed with the instance. */
  readonly state: string;
  /** For files of the program itself. */
  readonly home: string;
  readonly workspace: string;
  readonly programArgs: readonly string[];
  /** PATH, HOME, language and what the caller gave, secrets too; the base of `Launch.env`. */
  readonly env: Readonly<Record<string, string>>;
  /** Proves marks; another one for each launch. */
  readonly nonce: () => string;
  readonly log: (level: LogEntry['level'], event: string, fields?: Readonly<Record<string, unknown>>) => void;
  /** What becomes of a command while a person types. */
  readonly whileTyping: 'wait' | 'refuse' | 'ignore';
  /** A person took over, or gave back. */
  readonly takeover: (active: boolean) => void;
  /** Is a person attached who has pressed a key since then (ms since the epoch; tmux knows seconds)? */
  readonly personTypedSince: (time: number) => Promise<boolean>;
  /** Resolves when a person has detached. */
  readonly whenDetached: (signal: AbortSignal) => Promise<void>;
}

/** A program that lives in a pane, and how it is spoken to. One object for the life of a handle. */
export interface PaneProgram {
  readonly capabilities: Partial<Capabilities>;
  /** Before each launch: writes its files, says what to run. @throws {InstanceError} CCB_PROGRAM_NOT_FOUND */
  launch(): Promise<Launch>;
  /**
   * Resolves when it awaits a command. `reattached`: it was launched by another host, and may be amid a command of that
   * one, whose end is then waited for.
   */
  ready(pane: Pane, how: 'launched' | 'reattached', call: Call): Promise<void>;
  /** One at a time, after `ready`. Throws what went wrong with the command or, with its code, the instance. */
  run(command: Command): AsyncGenerator<RunUpdate, RunEnd, void>;
  /** Asks the program to end the command; `run` then sees its end. */
  interrupt(command: Command, call: Call): Promise<void>;
  /** A command of an earlier host runs. */
  readonly amidOther?: boolean;
  /** Ends that one; resolves when its end was seen. */
  interruptOther?(call: Call): Promise<void>;
  /** What the pane says. */
  data(bytes: Buffer): void;
  mark(mark: Mark): void;
  /** It is gone: what runs or waits fails or ends, by itself. It may be launched again afterwards. */
  ended(end: ProgramEnd): void;
  /** Output was lost here, which ends what depends on it. */
  gap?(): void;
  /** The handle is let go: descriptors, timers. */
  dispose(): void;
}
