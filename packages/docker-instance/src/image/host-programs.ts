import { execFile } from 'node:child_process';
import { open, realpath } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { InstanceError } from '@ccb/instance-interface';

/** What the agent and any command of a shell count on, by the Debian package that brings it. */
const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  bash: ['bash'],
  coreutils: ['cat', 'chmod', 'cp', 'env', 'head', 'id', 'ls', 'mkdir', 'mkfifo', 'mv', 'rm', 'sleep', 'stat', 'tail'],
  'util-linux': ['flock'],
  git: ['git'],
};

/** Taken along where they are here. */
const OPTIONAL: readonly string[] = [
  ...['sh', 'awk', 'base64', 'basename', 'cmp', 'comm', 'cut', 'date', 'dd', 'df', 'diff', 'dirname', 'du', 'echo'],
  ...[
    'expr',
    'false',
    'find',
    'fold',
    'getopt',
    'grep',
    'gzip',
    'hostname',
    'install',
    'kill',
    'link',
    'ln',
    'md5sum',
    'mktemp',
  ],
  ...['nl', 'nproc', 'od', 'paste', 'patch', 'pgrep', 'pkill', 'printenv', 'printf', 'ps', 'pwd', 'readlink'],
  ...['realpath', 'rmdir', 'script', 'sed', 'seq', 'setsid', 'sha1sum', 'sha256sum', 'shuf', 'sort', 'split', 'stdbuf'],
  ...[
    'stty',
    'sync',
    'tac',
    'tar',
    'tee',
    'test',
    'timeout',
    'touch',
    'tr',
    'true',
    'truncate',
    'tty',
    'uname',
    'uniq',
  ],
  ...['unlink', 'wc', 'which', 'whoami', 'xargs', 'xxd', 'yes'],
];

/** Those of git's own programs that are not git itself under another name, and that other programs look for. */
const GIT_CORE: readonly string[] = [
  ...['git-receive-pack', 'git-remote-http', 'git-remote-https', 'git-sh-i18n', 'git-sh-i18n--envsubst'],
  ...['git-sh-setup', 'git-submodule', 'git-upload-pack'],
];

const GIT_MS = 10_000;

export interface HostProgram {
  /** Where it is in the image, absolute. */
  readonly path: string;
  /** Where it is on this machine: a file, no link. */
  readonly file: string;
  /** Linked against libraries, perhaps. Otherwise a script. */
  readonly isElf: boolean;
}

/**
 * Node (the one that runs this), bash, flock, git and the usual tools of this machine.
 * @throws {InstanceError} CCB_PROGRAM_NOT_FOUND naming what is missing and the package that brings it
 */
export async function hostPrograms(signal?: AbortSignal): Promise<readonly HostProgram[]> {
  const tools = Object.entries(REQUIRED).map(([debian, names]) =>
    Promise.all(names.map(async (name) => (await tool(name)) ?? missing(name, debian))),
  );
  const optional = OPTIONAL.map((name) => tool(name));
  const found = await Promise.all([
    hostProgram('/usr/local/bin/node', process.execPath),
    ...(await Promise.all(tools)).flat(),
    ...(await Promise.all(optional)),
    ...(await gitPrograms(signal)),
  ]);
  return found.filter((program) => program !== undefined);
}

/** @throws {InstanceError} CCB_PROGRAM_NOT_FOUND when there is no such file */
export async function hostProgram(path: string, from: string): Promise<HostProgram> {
  try {
    const file = await realpath(from);
    await using handle = await open(file);
    const { buffer } = await handle.read(Buffer.alloc(4), 0, 4, 0);
    return { path, file, isElf: buffer.toString('latin1') === '\x7fELF' };
  } catch (cause) {
    throw new InstanceError('CCB_PROGRAM_NOT_FOUND', `${from} cannot be read. Check the path and its mode.`, { cause });
  }
}

/** The first of that name on PATH. undefined: there is none. */
export async function onPath(name: string, path: string = process.env.PATH ?? ''): Promise<string | undefined> {
  for (const directory of path.split(delimiter)) {
    const file = join(directory, name);
    if (directory !== '' && (await realpath(file).catch(() => undefined)) !== undefined) return file;
  }
  return undefined;
}

// The system's own first: what stands before it on PATH is often a wrapper that finds nothing to wrap in a container.
async function tool(name: string): Promise<HostProgram | undefined> {
  const file = await onPath(name, ['/usr/bin', '/bin', process.env.PATH ?? ''].join(delimiter));
  return file === undefined ? undefined : hostProgram(`/usr/bin/${name}`, file);
}

function missing(name: string, debian: string): never {
  throw new InstanceError(
    'CCB_PROGRAM_NOT_FOUND',
    `${name} is not on PATH, and an image from this machine needs it. Install it (apt-get install ${debian}), or build the image with the registry.`,
  );
}

async function gitPrograms(signal: AbortSignal | undefined): Promise<readonly HostProgram[]> {
  const git = (await tool('git'))?.file ?? missing('git', 'git');
  const directory = await gitDirectory(git, signal);
  const found = await Promise.all(
    GIT_CORE.map(async (name) => {
      const file = await onPath(name, directory);
      return file === undefined ? undefined : hostProgram(join(directory, name), file);
    }),
  );
  return found.filter((program) => program !== undefined);
}

async function gitDirectory(git: string, signal: AbortSignal | undefined): Promise<string> {
  try {
    return (await promisify(execFile)(git, ['--exec-path'], { timeout: GIT_MS, signal })).stdout.trim();
  } catch (cause) {
    signal?.throwIfAborted();
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new InstanceError('CCB_PROGRAM_NOT_FOUND', `git does not say where its own programs are: ${why}`, { cause });
  }
}
