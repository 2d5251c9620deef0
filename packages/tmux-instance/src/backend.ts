import { resolve } from 'node:path';
import { defaultHome } from '@ccb/container-agent';
import type { Backend, CreateOptions } from '@ccb/instance-interface';
import { checkTmux } from './check.ts';
import { createTmux } from './create.ts';
import { discoverTmux } from './discover.ts';
import { tmuxStates } from './live-states.ts';
import { pruneTmux, sweepEphemeral } from './prune.ts';
import { renameTmux } from './rename.ts';
import { defaultRuntimeDirectory, serverSocket } from './server-socket.ts';
import { asTmuxRecord } from './tmux-data.ts';
import { TmuxInstance } from './tmux-instance.ts';
import { parseTmuxSpec, type TmuxSpec } from './tmux-spec.ts';

export interface TmuxBackendOptions {
  /** Where instances are kept. Default `$CCB_HOME`, else `$XDG_STATE_HOME/ccb`, else `~/.local/state/ccb`. */
  readonly home?: string | undefined;
  /** Where the socket of our own server is; a directory of the user's own. Default `$XDG_RUNTIME_DIR/ccb`. */
  readonly runtimeDirectory?: string | undefined;
}

type Base = Backend<TmuxSpec, TmuxInstance>;
export type TmuxBackend = Base &
  Required<Pick<Base, 'discover' | 'check' | 'states' | 'prune' | 'adopting' | 'rename'>>;

/** Programs in tmux panes. */
export function tmuxBackend(options: TmuxBackendOptions = {}): TmuxBackend {
  const home = resolve(options.home ?? defaultHome());
  const runtimeDirectory = resolve(options.runtimeDirectory ?? defaultRuntimeDirectory());
  const places = { home, runtimeDirectory };
  return {
    type: 'tmux',
    parseSpec: parseTmuxSpec,
    async create(spec: TmuxSpec, create?: CreateOptions): Promise<TmuxInstance> {
      if (spec.ephemeral) await sweepEphemeral(home);
      return await createTmux(spec, create, places);
    },
    open: (record, open) => TmuxInstance.open(record, open),
    discover: (discover) => discoverTmux(places, serverSocket(runtimeDirectory, home), discover),
    check: () => checkTmux(places),
    states: tmuxStates,
    prune: (prune) => pruneTmux(home, serverSocket(runtimeDirectory, home), prune),
    adopting: (spec, target) => parseTmuxSpec({ ...spec, adopt: { session: target } }),
    rename: (record, name, call) => renameTmux(asTmuxRecord(record), name, call),
  };
}
