import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Login } from '@ccb/instance-interface';
import { UsageError } from '../usage-error.ts';
import type { ColorChoice } from './color.ts';
import { parseDuration } from './duration.ts';
import { resolveEnvironment } from './environment.ts';
import { parseInstanceName } from './instance-name.ts';

/** What was typed, as the command line's parser hands it over: syntax is checked, meaning is not. */
export interface Flags {
  readonly backend?: string | undefined;
  readonly program?: string | undefined;
  readonly programArg?: readonly string[] | undefined;
  readonly permission?: 'ask' | 'deny' | 'allow' | undefined;
  readonly login?: Login | undefined;
  readonly image?: string | undefined;
  readonly transport?: 'auto' | 'fifo' | 'exec' | undefined;
  readonly network?: string | undefined;
  readonly user?: string | undefined;
  readonly workspace?: string | undefined;
  readonly env?: readonly string[] | undefined;
  readonly envFile?: readonly string[] | undefined;
  readonly timeout?: string | undefined;
  readonly json?: boolean | undefined;
  readonly quiet?: boolean | undefined;
  readonly verbose?: boolean | undefined;
  readonly color?: 'auto' | 'always' | 'never' | undefined;
  readonly home?: string | undefined;
  readonly passExitCode?: boolean | undefined;
  readonly keep?: string | undefined;
  readonly wait?: boolean | undefined;
}

/** Where ccb runs. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly directory: string;
  /** A person is there: stdin and stderr are terminals. */
  readonly interactive: boolean;
}

/** What is said of a container; each absent one is the backend's own choice. */
type ContainerFlags = Pick<Flags, 'image' | 'transport' | 'network' | 'user'>;

export interface Settings {
  readonly backend: string;
  /** Empty for a backend without containers. */
  readonly container: ContainerFlags;
  /** Absent: claude if it is there, else shell. */
  readonly program: string | undefined;
  readonly programArgs: readonly string[];
  readonly permission: 'ask' | 'deny' | 'allow';
  /** Whose login Claude Code uses. Absent: one of the instance's own. */
  readonly login: Login | undefined;
  /** Absolute. */
  readonly workspace: string;
  /** false: it is where ccb runs, and a backend on another machine takes a place of its own. */
  readonly workspaceNamed: boolean;
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number | undefined;
  readonly json: boolean;
  readonly color: ColorChoice;
  readonly home: string | undefined;
  readonly passExitCode: boolean;
  readonly keep: string | undefined;
  /** Queue for an instance that somebody else holds. */
  readonly wait: boolean;
  /** What the configuration has for a backend that is not one of ccb's own. */
  readonly backendSpec: Readonly<Record<string, unknown>>;
}

/** Everything that can be wrong with the options is found here, before anything is made. @throws {UsageError} */
export function resolveSettings(
  flags: Flags,
  { env, directory, interactive }: Surroundings,
  backendSpec: Settings['backendSpec'] = {},
): Settings {
  const backend = flags.backend ?? 'process';
  refuseOtherBackends(flags, backend);
  if (flags.permission === 'ask' && !interactive) {
    throw new UsageError(
      '--permission ask needs a terminal to ask on. Use --permission deny or --permission allow here.',
    );
  }
  const { image, transport, network, user } = flags;
  return {
    backend,
    container: backend === 'docker' ? { image, transport, network, user } : {},
    program: flags.program,
    programArgs: flags.programArg ?? [],
    permission: flags.permission ?? (interactive ? 'ask' : 'deny'),
    login: flags.login,
    workspace: workspaceDirectory(resolve(directory, flags.workspace ?? '.')),
    workspaceNamed: flags.workspace !== undefined,
    env: resolveEnvironment(flags.env ?? [], flags.envFile ?? [], env),
    timeoutMs: flags.timeout === undefined ? undefined : parseDuration('--timeout', flags.timeout),
    json: flags.json ?? false,
    color: flags.color ?? 'auto',
    home: flags.home === undefined ? undefined : resolve(directory, flags.home),
    passExitCode: flags.passExitCode ?? false,
    keep: flags.keep === undefined ? undefined : parseInstanceName(flags.keep),
    wait: flags.wait ?? false,
    backendSpec,
  };
}

function refuseOtherBackends(flags: Flags, backend: string): void {
  for (const option of ['image', 'transport', 'network', 'user'] as const) {
    if (flags[option] !== undefined && backend !== 'docker') {
      throw new UsageError(
        `--${option} means nothing to the ${backend} backend. Add --backend docker, or leave it out.`,
      );
    }
  }
  if (flags.login === 'person' && backend === 'docker') {
    throw new UsageError(
      '--login person is not there in a container, which has a home of its own. Use --env ANTHROPIC_API_KEY or --env CLAUDE_CODE_OAUTH_TOKEN.',
    );
  }
}

function workspaceDirectory(path: string): string {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return path;
  throw new UsageError(`--workspace "${path}" is not a directory. Make it, or name another one.`);
}
