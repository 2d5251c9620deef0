import { isAbsolute } from 'node:path';
import { parseAgentSpec } from '@ccb/container-agent';
import type { InstanceSpec } from '@ccb/instance-interface';
import { type CompletionChoice, parseCompletion } from './completion/completion-choice.ts';
import { isArgv } from './tmux-data.ts';

export interface TmuxSpec extends InstanceSpec {
  readonly type: 'tmux';
  /** A command line of your own instead of `program`; `completion` says how the end of an answer is known. */
  readonly argv?: readonly [string, ...string[]] | undefined;
  /** Path of the socket of a tmux server that runs already. Default: a server of its own, away from the person's. */
  readonly socket?: string | undefined;
  /** A session that is there already; never ended by us. Needs `socket`. */
  readonly adopt?: { readonly session: string } | undefined;
  /** What becomes of commands while a person types in the pane. Default `'wait'`. */
  readonly takeover?: 'wait' | 'refuse' | 'ignore' | undefined;
  /** How the end of an answer is known, where the program does not say it by itself; the first to fire wins. */
  readonly completion?: readonly CompletionChoice[] | undefined;
}

/** Unknown JSON in, a spec out. @throws {TypeError} with the path of the field @throws {InstanceError} CCB_PROGRAM_NOT_FOUND */
export function parseTmuxSpec(value: unknown): TmuxSpec {
  const spec = parseAgentSpec<TmuxSpec>('tmux', value, ['argv', 'socket', 'adopt', 'takeover', 'completion']);
  const bad = (field: string, expected: string): TypeError => new TypeError(`tmux: ${field} must be ${expected}`);
  const { argv, socket, adopt, takeover, completion } = spec as { readonly [K in keyof TmuxSpec]?: unknown };
  if (argv !== undefined && !isArgv(argv)) throw bad('argv', 'a list of strings: a program and its arguments');
  if (socket !== undefined && (typeof socket !== 'string' || !isAbsolute(socket)))
    throw bad('socket', 'an absolute path');
  if (takeover !== undefined && takeover !== 'wait' && takeover !== 'refuse' && takeover !== 'ignore')
    throw bad('takeover', "'wait', 'refuse' or 'ignore'");
  if (adopt !== undefined) checkAdoption(adopt, spec, bad);
  const needed = argv !== undefined || adopt !== undefined;
  if (completion !== undefined) {
    parseCompletion(completion);
    if (!needed) throw new TypeError('tmux: completion is for argv and adopt; the known programs say their end');
  } else if (needed) {
    throw new TypeError(
      "tmux: completion is needed with argv and adopt: say how the end of an answer is known, for example [{ promptRegex: '^> $' }]",
    );
  }
  return spec;
}

function checkAdoption(adopt: unknown, spec: TmuxSpec, bad: (field: string, expected: string) => TypeError): void {
  const { session } = (typeof adopt === 'object' && adopt !== null ? adopt : {}) as { readonly session?: unknown };
  if (typeof session !== 'string' || !/^[^\s:.=]+$/.test(session)) throw bad('adopt.session', 'the name of a session');
  if (spec.socket === undefined)
    throw new TypeError("tmux: adopt needs socket; inside tmux, `tmux display -p '#{socket_path}'` prints it");
  if (spec.argv !== undefined) throw new TypeError('tmux: argv and adopt exclude each other');
}
