import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type InstanceLayout, instanceLayout } from '@ccb/container-agent';
import type { CallOptions, InstanceRecord } from '@ccb/instance-interface';
import { dockerBackend } from '../backend.ts';
import { dockerData } from '../container/docker-data.ts';
import type { DockerSpec } from '../container/docker-spec.ts';
import { DockerContainer, type DockerOptions } from '../docker-container.ts';
import type { DockerClient } from '../engine/docker-client.ts';
import { keptOf } from './leaks.ts';
import { ensureTestImage } from './test-image.ts';

const loader = createRequire(import.meta.url).resolve('tsx');

/** Whom programs in containers of the tests run as: not root, which this machine's user may be. */
const UID = 1000;

export interface Host {
  readonly child: ChildProcess;
  readonly record: InstanceRecord;
  /** Resolves with its status and signal. */
  readonly exit: Promise<unknown[]>;
}

export interface SandboxOptions {
  readonly docker?: DockerClient | undefined;
  readonly image?: string | undefined;
}

/** A home of its own for instances, and an image for them. Whatever a test leaves behind is gone after it. */
export class Sandbox implements AsyncDisposable {
  readonly root: string;
  readonly home: string;
  readonly workspace: string;
  readonly image: string;
  readonly backend: ReturnType<typeof dockerBackend>;
  readonly #handles = new Set<DockerContainer>();
  readonly #hosts: Omit<Host, 'record'>[] = [];
  readonly #records: InstanceRecord[] = [];

  private constructor(image: string, options: SandboxOptions) {
    this.root = mkdtempSync(join(tmpdir(), 'ccb-docker-'));
    this.home = join(this.root, 'state');
    this.workspace = join(this.root, 'workspace');
    this.image = image;
    this.backend = dockerBackend({ home: this.home, docker: options.docker });
    mkdirSync(this.workspace);
    // The container's user must come through to its workspace.
    chmodSync(this.root, 0o755);
    if (process.getuid?.() === 0) chownSync(this.workspace, UID, UID);
  }

  static async make(options: SandboxOptions = {}): Promise<Sandbox> {
    return new Sandbox(options.image ?? (await ensureTestImage()), options);
  }

  async create(name: string, spec: Partial<DockerSpec> = {}, options: CallOptions = {}): Promise<DockerContainer> {
    const { workspace, image } = this;
    const whole: DockerSpec = { type: 'docker', name, image, workspace, network: 'none', ...spec };
    const made = await this.backend.create(whole, {
      signal: options.signal,
      // Also of what is never finished.
      onRecord: async (record) => void this.#records.push(record),
    });
    this.#handles.add(made);
    return made;
  }

  async open(record: InstanceRecord, options?: DockerOptions): Promise<DockerContainer> {
    const opened = await DockerContainer.open(record, options);
    this.#handles.add(opened);
    return opened;
  }

  /** Another process that creates and holds an instance, and has begun with what `plan` tells it. */
  async host(name: string, plan: string, spec: Partial<DockerSpec> = {}): Promise<Host> {
    const program = fileURLToPath(new URL('host-program.ts', import.meta.url));
    const whole = JSON.stringify({ image: this.image, workspace: this.workspace, network: 'none', ...spec });
    const args = ['--conditions=@ccb/source', '--import', loader, program, this.home, name, plan, whole];
    const env = { PATH: process.env.PATH, HOME: this.root };
    const child = spawn(process.execPath, args, { cwd: this.workspace, env, stdio: ['ignore', 'pipe', 'inherit'] });
    const exit = once(child, 'exit');
    const lines = createInterface({ input: child.stdout });
    this.#hosts.push({ child, exit });
    const [line] = await Promise.race([once(lines, 'line'), exit]);
    if (typeof line !== 'string') throw new Error(`the host ended with ${line} before it had made an instance`);
    const record = JSON.parse(line) as InstanceRecord;
    this.#records.push(record);
    return { child, record, exit };
  }

  layout(name: string): InstanceLayout {
    return instanceLayout(join(this.home, 'instances', name), name);
  }

  /** Of everything that was created here. */
  get instanceIds(): readonly string[] {
    return this.#records.map((record) => dockerData(record).instanceId);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { child, exit } of this.#hosts) {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL');
        await exit;
      }
    }
    await Promise.allSettled([...this.#handles].map((handle) => handle.detach()));
    for (const kept of await keptOf(this.instanceIds)) await kept.remove();
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** The engine's own command line, for what the world does to containers. */
export async function docker(...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('docker', args, { timeout: 60_000, killSignal: 'SIGKILL' });
  return stdout.trim();
}
