import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Examination } from './examine.ts';
import type { Finding } from './finding.ts';

const VERSION_MS = 10_000;

export async function claudeFindings({ env, signal }: Examination): Promise<readonly Finding[]> {
  return [await installed(env, signal), login(env)];
}

/** Asked for its version with a home of its own: nothing of the person's configuration is read or written. */
async function installed(env: Examination['env'], signal: AbortSignal): Promise<Finding> {
  const about = { area: 'claude', name: 'Claude Code' } as const;
  const path = (env.PATH ?? '')
    .split(':')
    .filter((directory) => directory !== '')
    .map((directory) => join(directory, 'claude'))
    .find(isExecutable);
  if (path === undefined) {
    const message = 'not on PATH: the backends process and tmux run a shell instead; containers have their own';
    return { ...about, status: 'warning', message, fix: 'npm install -g @anthropic-ai/claude-code' };
  }
  const home = mkdtempSync(join(tmpdir(), 'ccb-doctor-'));
  try {
    const { stdout } = await promisify(execFile)(path, ['--version'], {
      env: { PATH: env.PATH, HOME: home, CLAUDE_CONFIG_DIR: home, DISABLE_AUTOUPDATER: '1' },
      cwd: home,
      timeout: VERSION_MS,
      killSignal: 'SIGKILL',
      signal,
    });
    const [version = ''] = /\d+\.\d+\.\d+\S*/.exec(stdout) ?? [];
    if (version !== '') return { ...about, status: 'ok', message: `${version} at ${path}` };
    return { ...about, status: 'problem', message: `${path} does not say its version`, fix: 'Install it anew' };
  } catch (error) {
    const message = `${path} cannot be run: ${error instanceof Error ? error.message.split('\n', 1)[0] : String(error)}`;
    return { ...about, status: 'problem', message, fix: 'npm install -g @anthropic-ai/claude-code' };
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** Only whether it is there and can be written, for --login person: what is in it is nobody's business. */
function login(env: Examination['env']): Finding {
  const about = { area: 'claude', name: 'login' } as const;
  const directory = env.CLAUDE_CONFIG_DIR ?? join(env.HOME ?? '/', '.claude');
  const file = join(directory, '.credentials.json');
  const found = statSync(file, { throwIfNoEntry: false });
  if (found === undefined) {
    const key = ['ANTHROPIC_API_KEY', 'CLAUDE_CODE_OAUTH_TOKEN'].find((name) => env[name]);
    if (key !== undefined) return { ...about, status: 'ok', message: `$${key} is set: give it with --env ${key}` };
    return { ...about, status: 'ok', message: 'none of yours here; give a key with --env ANTHROPIC_API_KEY' };
  }
  if ((found.mode & 0o077) !== 0)
    return { ...about, status: 'warning', message: `others can read ${file}`, fix: `chmod 600 ${file}` };
  try {
    accessSync(file, constants.W_OK);
    return { ...about, status: 'ok', message: `${file} can be refreshed (--login person)` };
  } catch {
    const message = `${file} cannot be written: a refreshed token would be lost (--login person)`;
    return { ...about, status: 'warning', message, fix: `chmod u+w ${file}` };
  }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return existsSync(file) && statSync(file).isFile();
  } catch {
    return false;
  }
}
