import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { processBackend } from '@ccb/process-instance';
import { InstanceManager } from '../instance-manager.ts';
import { echoBackend } from './echo-backend.ts';

const hostFile = fileURLToPath(new URL('./host.ts', import.meta.url));

/** A home of its own, with a backend that keeps a directory for its instances and one that keeps nothing. */
export class Sandbox implements AsyncDisposable {
  readonly home: string = mkdtempSync(join(tmpdir(), 'ccb-manager-'));
  readonly manager: InstanceManager = new InstanceManager({
    home: this.home,
    backends: [{ type: 'process', load: () => processBackend({ home: this.home }) }, echoBackend],
  });

  get instances(): readonly string[] {
    return readdirSync(join(this.home, 'instances')).sort();
  }

  /** Another process, which does what `host.ts` says and prints a line when it is done. */
  async host(...words: readonly string[]): Promise<ChildProcess> {
    const child = spawn(
      process.execPath,
      ['--conditions=@ccb/source', '--import', 'tsx', hostFile, this.home, ...words],
      {
        cwd: fileURLToPath(new URL('.', import.meta.url)),
        env: { PATH: process.env.PATH, HOME: this.home },
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    await once(child.stdout as NodeJS.ReadableStream, 'data');
    return child;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { name } of await this.manager.list()) await this.manager.remove(name, { force: true });
    rmSync(this.home, { recursive: true, force: true });
  }
}

export async function killed(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}
