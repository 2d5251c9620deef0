import { execFile } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { fakeClaudeFile } from '@ccb/conformance/claude';
import { dockerBackend } from '@ccb/docker-instance';
import { InstanceError } from '@ccb/instance-interface';
import { connectEngine } from '../../../../packages/docker-instance/src/engine/connect.ts';
import { ensureTestImage } from '../../../../packages/docker-instance/src/testing/test-image.ts';
import { Sandbox } from './sandbox.ts';

/** Why there is no engine to test with; undefined: there is one. */
export async function whyNoEngine(): Promise<string | undefined> {
  try {
    const engine = connectEngine();
    try {
      await engine.about();
    } finally {
      engine.close();
    }
    return undefined;
  } catch (error) {
    return InstanceError.is(error) ? error.message : String(error);
  }
}

/** A place of its own for the built `ccb` and its containers. */
export class DockerSandbox extends Sandbox {
  readonly image: string;

  private constructor(image: string) {
    super();
    this.image = image;
    // Programs in containers are not root, which this machine's user may be.
    if (process.getuid?.() === 0) chownSync(this.workspace, 1000, 1000);
  }

  static async make(): Promise<DockerSandbox> {
    return new DockerSandbox(await ensureTestImage());
  }

  override get env(): Record<string, string> {
    const { DOCKER_HOST } = process.env;
    return { ...super.env, ...(DOCKER_HOST !== undefined && { DOCKER_HOST }) };
  }

  /** Options for a shell in a container of this sandbox. */
  get contained(): readonly string[] {
    return ['--backend', 'docker', '--image', this.image, '--network', 'none'];
  }

  /** Puts a scripted Claude Code there, for a container that mounts it. */
  copyClaude(path: string): void {
    copyFileSync(fakeClaudeFile, path);
    chmodSync(path, 0o755);
  }

  /** Names of its containers, with their states. */
  async containers(): Promise<readonly string[]> {
    const format = '{{.Label "ccb.directory"}}\t{{.Names}} {{.State}}';
    const lines = await docker('ps', '--all', '--filter', 'label=ccb.directory', '--format', format);
    return lines
      .split('\n')
      .filter((line) => line.startsWith(`${this.home}/`))
      .map((line) => line.slice(line.indexOf('\t') + 1));
  }

  /** Ends and removes the instances that were kept. */
  override async endInstances(): Promise<void> {
    const backend = dockerBackend({ home: this.home });
    for (const { record, ours } of await backend.discover()) {
      if (ours && record !== undefined) await (await backend.open(record)).cleanup({ remove: true });
    }
  }

  async removeContainers(): Promise<void> {
    for (const container of await this.containers()) await docker('rm', '--force', container.split(' ')[0] ?? '');
  }
}

/** The engine's own command line. */
export async function docker(...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('docker', args, { timeout: 30_000, killSignal: 'SIGKILL' });
  return stdout.trim();
}
