import { execFile } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join, resolve } from 'node:path';
import type { DriverContext } from '../driver.ts';
import { DriverError } from '../driver-error.ts';

const VERSION_MS = 10_000;
const OLDEST: readonly [number, number, number] = [2, 1, 0];
const NEWEST_TESTED: readonly [number, number, number] = [2, 1, 330];
const INSTALL = 'Install it (npm install -g @anthropic-ai/claude-code), or set CLAUDE_CODE_EXECUTABLE to its path.';

type Version = readonly [number, number, number];

/** The `claude` to run, and its version, asked once for each file. */
export class Executable {
  readonly #context: DriverContext;
  #asked: { readonly identity: string; readonly version: string } | undefined;

  constructor(context: DriverContext) {
    this.#context = context;
  }

  get version(): string | undefined {
    return this.#asked?.version;
  }

  /** Its path. @throws {DriverError} CCB_PROGRAM_NOT_FOUND where there is none */
  locate(): string {
    const { env, workspace } = this.#context;
    return locateClaude(env, workspace);
  }

  /** Learns the version. @throws {DriverError} CCB_PROGRAM_NOT_FOUND for one that is too old, or no Claude Code at all */
  async check(path: string, signal: AbortSignal): Promise<void> {
    const { mtimeMs, size } = statSync(path);
    const identity = `${path}\0${mtimeMs}\0${size}`;
    if (this.#asked?.identity === identity) return;
    const said = await ask(path, this.#context, signal);
    const version = /^(\d+)\.(\d+)\.(\d+)\S*/.exec(said);
    if (version === null) {
      const message = `${path} is not Claude Code: \`--version\` printed ${JSON.stringify(said.slice(0, 200))}. ${INSTALL}`;
      throw new DriverError('CCB_PROGRAM_NOT_FOUND', message);
    }
    const parts: Version = [Number(version[1]), Number(version[2]), Number(version[3])];
    if (isBefore(parts, OLDEST)) {
      const message = `Claude Code ${version[0]} (${path}) is too old: ${OLDEST.join('.')} or later is needed. Update it (claude update), or set CLAUDE_CODE_EXECUTABLE to another one.`;
      throw new DriverError('CCB_PROGRAM_NOT_FOUND', message);
    }
    if (isBefore(NEWEST_TESTED, parts)) {
      const fields = { version: version[0], newestTested: NEWEST_TESTED.join('.') };
      this.#context.log('info', 'claude.version_untested', fields);
    }
    this.#asked = { identity, version: version[0] };
  }
}

/** The `claude` to run: what CLAUDE_CODE_EXECUTABLE names, else the first on PATH. @throws {DriverError} CCB_PROGRAM_NOT_FOUND */
export function locateClaude(env: Readonly<Record<string, string>>, workspace: string): string {
  const named = env.CLAUDE_CODE_EXECUTABLE;
  if (named !== undefined && named !== '') {
    const path = isAbsolute(named) ? named : resolve(workspace, named);
    if (isExecutable(path)) return path;
    const message = `CLAUDE_CODE_EXECUTABLE names ${path}, which is no executable file. Correct it, or leave it out to use the claude on PATH.`;
    throw new DriverError('CCB_PROGRAM_NOT_FOUND', message);
  }
  for (const directory of (env.PATH ?? '').split(delimiter)) {
    if (directory === '') continue;
    const path = join(resolve(workspace, directory), 'claude');
    if (isExecutable(path)) return path;
  }
  const message = `Claude Code was not found on PATH (${env.PATH ?? 'not set'}). ${INSTALL}`;
  throw new DriverError('CCB_PROGRAM_NOT_FOUND', message);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function ask(path: string, { env, workspace }: DriverContext, signal: AbortSignal): Promise<string> {
  // Not to be taken for a stray when the program beside it dies.
  const { CCB_INSTANCE: _, ...own } = env;
  return new Promise((done, fail) => {
    const options = {
      cwd: workspace,
      env: own,
      signal,
      timeout: VERSION_MS,
      killSignal: 'SIGKILL',
      maxBuffer: 65_536,
    } as const;
    execFile(path, ['--version'], options, (cause, stdout, stderr) => {
      if (cause === null) done(stdout.trim());
      else if (signal.aborted) fail(signal.reason);
      else {
        const why = cause.killed
          ? `did not answer within ${VERSION_MS} ms`
          : `failed: ${stderr.trim() || cause.message}`;
        fail(new DriverError('CCB_PROGRAM_NOT_FOUND', `${path} --version ${why}. ${INSTALL}`, { cause }));
      }
    });
  });
}

function isBefore(one: Version, other: Version): boolean {
  for (let index = 0; index < one.length; index += 1) {
    const difference = (one[index] as number) - (other[index] as number);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
