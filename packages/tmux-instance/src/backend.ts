import { resolve } from 'node:path';
import { defaultHome } from '@ccb/container-agent';
import type { Backend, CreateOptions } from '@ccb/instance-interface';
import { createTmux } from './create.ts';
import { defaultRuntimeDirectory } from './server-socket.ts';
import { TmuxInstance } from './tmux-instance.ts';
import { parseTmuxSpec, type TmuxSpec } from './tmux-spec.ts';

export interface TmuxBackendOptions {
  /** Where instances are kept. Default `$CCB_HOME`, else `$XDG_STATE_HOME/ccb`, else `~/.local/state/ccb`. */
  readonly home?: string | undefined;
  /** Where the socket of our own server is; a directory of the user's own. Default `$XDG_RUNTIME_DIR/ccb`. */
  readonly runtimeDirectory?: string | undefined;
}

/** Programs in tmux panes. */
export function tmuxBackend(options: TmuxBackendOptions = {}): Backend<TmuxSpec, TmuxInstance> {
  const home = resolve(options.home ?? defaultHome());
  const runtimeDirectory = resolve(options.runtimeDirectory ?? defaultRuntimeDirectory());
  return {
    type: 'tmux',
    parseSpec: parseTmuxSpec,
    create: (spec, create?: CreateOptions) => createTmux(spec, create, { home, runtimeDirectory }),
    open: (record, open) => TmuxInstance.open(record, open),
  };
}
