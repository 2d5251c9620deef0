import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** A project of somebody else's, outside of this workspace. */
export class EmptyProject {
  readonly directory: string = realpathSync(mkdtempSync(join(tmpdir(), 'ccb-consumer-')));

  /** Adds dependencies to those that its manifest has, if there is one, and installs all of them with npm. */
  async install(dependencies: Readonly<Record<string, string>>): Promise<void> {
    const path = join(this.directory, 'package.json');
    const manifest: Manifest = existsSync(path)
      ? JSON.parse(readFileSync(path, 'utf8'))
      : { private: true, type: 'module' };
    const { devDependencies = {} } = manifest;
    const others = Object.entries(devDependencies).filter(([name]) => !(name in dependencies));
    const all = {
      ...manifest,
      dependencies: { ...manifest.dependencies, ...dependencies },
      devDependencies: Object.fromEntries(others),
    };
    writeFileSync(path, `${JSON.stringify(all, null, 2)}\n`);
    const flags = ['--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'];
    const { npm_config_registry, npm_config_cache, HOME } = process.env;
    await run('npm', ['install', ...flags], {
      cwd: this.directory,
      env: {
        PATH: process.env.PATH,
        // What was fetched once need not be fetched again.
        HOME,
        ...(npm_config_registry && { npm_config_registry }),
        ...(npm_config_cache && { npm_config_cache }),
      },
      timeout: 240_000,
      killSignal: 'SIGKILL',
    });
  }

  /** Copies a folder, named from here. */
  copy(folder: string, to: string = folder): void {
    const filter = (path: string): boolean => !path.includes('/node_modules');
    cpSync(fileURLToPath(new URL(folder, import.meta.url)), join(this.directory, to), { recursive: true, filter });
  }

  write(path: string, value: object): void {
    writeFileSync(join(this.directory, path), JSON.stringify(value));
  }

  /** Runs a program with an environment made from nothing. Returns its stdout. @throws with what it said on both */
  async run(file: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
    const home = join(this.directory, 'home');
    mkdirSync(home, { recursive: true });
    try {
      const { stdout } = await run(file, args, {
        cwd: this.directory,
        env: { PATH: '/usr/bin:/bin', HOME: home, CCB_HOME: join(home, 'ccb'), XDG_RUNTIME_DIR: home, ...env },
        timeout: 120_000,
        killSignal: 'SIGKILL',
      });
      return stdout;
    } catch (error) {
      const { stdout = '', stderr = '' } = error as { readonly stdout?: string; readonly stderr?: string };
      throw new Error(`${file} ${args.join(' ')} failed:\n${stdout}${stderr}`, { cause: error });
    }
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}
