import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, watch } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type InstanceLayout, instanceLayout, killAgent } from '@ccb/container-agent';
import type { CallOptions, InstanceRecord } from '@ccb/instance-interface';
import { readHolder } from '@ccb/named-pipe/lock';
import { processBackend } from '../backend.ts';
import { processData } from '../process-data.ts';
import { ProcessInstance, type ProcessOptions } from '../process-instance.ts';
import type { ProcessSpec } from '../process-spec.ts';

const loader = createRequire(import.meta.url).resolve('tsx');

export interface Host {
  readonly child: ChildProcess;
  readonly record: InstanceRecord;
  /** Resolves with its status and signal. */
  readonly exit: Promise<unknown[]>;
}

export interface HostOptions {
  /** A file beside this one; default `host-program.ts`, which takes the plans `hold`, `detach` and `ephemeral`. */
  readonly program?: string | undefined;
  readonly spec?: Partial<ProcessSpec> | undefined;
}

/** A home of its own for instances. Whatever a test leaves behind, of processes and files, is gone after it. */
export class Sandbox implements AsyncDisposable {
  readonly root: string = mkdtempSync(join(tmpdir(), 'ccb-process-'));
  readonly home: string = join(this.root, 'state');
  readonly workspace: string = join(this.root, 'workspace');
  readonly backend: ReturnType<typeof processBackend> = processBackend({ home: this.home });
  readonly #handles = new Set<ProcessInstance>();
  readonly #hosts: Omit<Host, 'record'>[] = [];
  readonly #records: InstanceRecord[] = [];

  constructor() {
    mkdirSync(this.workspace);
  }

  async create(name: string, spec: Partial<ProcessSpec> = {}, options: CallOptions = {}): Promise<ProcessInstance> {
    const { workspace } = this;
    const made = await this.backend.create({ type: 'process', name, workspace, ...spec }, { signal: options.signal });
    this.#records.push(made.record);
    this.#handles.add(made);
    return made;
  }

  async open(record: InstanceRecord, options?: ProcessOptions): Promise<ProcessInstance> {
    const opened = await ProcessInstance.open(record, options);
    this.#handles.add(opened);
    return opened;
  }

  /** Another process that creates and holds an instance, and has begun with what `plan` tells it. */
  async host(name: string, plan: string, options: HostOptions = {}): Promise<Host> {
    const program = fileURLToPath(new URL(options.program ?? 'host-program.ts', import.meta.url));
    const spec = JSON.stringify(options.spec ?? {});
    const args = ['--conditions=@ccb/source', '--import', loader, program, this.home, name, plan, spec];
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
    return this.#records.map((record) => processData(record).instanceId);
  }

  /** The pid of the instance's agent. */
  agent(name: string): number {
    const pid = readHolder(this.layout(name).agentLock)?.pid;
    if (pid === undefined) throw new Error(`${name} has no agent`);
    return pid;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { child, exit } of this.#hosts) {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL');
        await exit;
      }
    }
    await Promise.allSettled([...this.#handles].map((handle) => handle.detach()));
    for (const record of this.#records) {
      const { directory, instanceId } = processData(record);
      const { agentLock: lock, state } = instanceLayout(directory, record.name);
      await killAgent({ lock, state, instanceId }, 1);
    }
    // An agent whose directory a test has taken away.
    for (const pid of processesNaming(this.root)) process.kill(pid, 'SIGKILL');
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** Whose command line has the text in it; this process and its zombies left out. */
export function processesNaming(text: string): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => {
      try {
        return pid > 1 && pid !== process.pid && readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(text);
      } catch {
        return false;
      }
    });
}

/** Resolves when nothing is at the path any more. Its parent must be there. */
export async function whenGone(path: string, timeoutMs = 10_000): Promise<void> {
  const watcher = watch(join(path, '..'));
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    while (existsSync(path)) await once(watcher, 'change', { signal });
  } finally {
    watcher.close();
  }
}

/** Whether the process is there, and no zombie. */
export function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
  } catch {
    return false;
  }
}
