import { type ChildProcess, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endStrays, type InstanceLayout, instanceLayout } from '@ccb/container-agent';
import type { CallOptions, InstanceRecord } from '@ccb/instance-interface';
import { tmuxBackend } from '../backend.ts';
import { asTmuxRecord, type TmuxRecord } from '../tmux-data.ts';
import { TmuxInstance, type TmuxOptions } from '../tmux-instance.ts';
import type { TmuxSpec } from '../tmux-spec.ts';

/** A home and a tmux server of its own for instances. Whatever a test leaves behind, of processes and files, is gone after it. */
export class Sandbox implements AsyncDisposable {
  readonly root: string = mkdtempSync(join(tmpdir(), 'ccb-tmux-'));
  readonly home: string = join(this.root, 'state');
  readonly runtimeDirectory: string = join(this.root, 'run');
  readonly workspace: string = join(this.root, 'workspace');
  /** HOME of every program here: nobody's configuration is read. */
  readonly person: string = join(this.root, 'person');
  readonly backend: ReturnType<typeof tmuxBackend> = tmuxBackend({
    home: this.home,
    runtimeDirectory: this.runtimeDirectory,
  });
  readonly children: Set<ChildProcess> = new Set();
  readonly #handles = new Set<TmuxInstance>();
  readonly #records: TmuxRecord[] = [];

  constructor() {
    for (const directory of [this.workspace, this.person]) mkdirSync(directory);
  }

  async create(name: string, spec: Partial<TmuxSpec> = {}, options: CallOptions = {}): Promise<TmuxInstance> {
    const { workspace } = this;
    const env = { HOME: this.person, ...spec.env };
    const made = await this.backend.create({ type: 'tmux', name, workspace, ...spec, env }, { signal: options.signal });
    this.keep(made.record);
    this.#handles.add(made);
    return made;
  }

  async open(record: InstanceRecord, options: TmuxOptions = {}): Promise<TmuxInstance> {
    const observes = options.mode === 'observe';
    const env = observes ? {} : { HOME: this.person, ...options.env };
    const opened = await TmuxInstance.open(record, { ...options, env });
    this.#handles.add(opened);
    return opened;
  }

  /** What another process has made. */
  keep(record: InstanceRecord): void {
    this.#records.push(asTmuxRecord(record));
  }

  get records(): readonly TmuxRecord[] {
    return this.#records;
  }

  layout(name: string): InstanceLayout {
    return instanceLayout(join(this.home, 'instances', name), name);
  }

  /** Runs tmux on a server of a test. @returns what it printed */
  tmux(socket: string, ...args: string[]): string {
    const env = { PATH: process.env.PATH, HOME: this.person, LANG: 'C.UTF-8', TERM: 'xterm-256color' };
    return execFileSync('tmux', ['-S', socket, '-f', '/dev/null', ...args], {
      env,
      encoding: 'utf8',
      timeout: 10_000,
      // What it has to say of a server that is gone is no news here.
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  /** The pid of the server behind the instances here. */
  serverPid(record: InstanceRecord): number {
    return Number(this.tmux(asTmuxRecord(record).data.socket, 'display-message', '-p', '#{pid}'));
  }

  /** Processes of an instance that run this program. */
  processesOf(record: InstanceRecord, program: string): readonly number[] {
    const variable = `CCB_INSTANCE=${asTmuxRecord(record).data.instanceId}`;
    return readdirSync('/proc')
      .map(Number)
      .filter((pid) => {
        try {
          const own = pid > 1 && readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === program;
          return own && readFileSync(`/proc/${pid}/environ`, 'latin1').includes(variable);
        } catch {
          return false;
        }
      });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.children) child.kill('SIGKILL');
    await Promise.allSettled([...this.#handles].map((handle) => handle.detach()));
    for (const { data } of this.#records) endStrays(data.instanceId);
    if (existsSync(this.runtimeDirectory)) {
      for (const name of readdirSync(this.runtimeDirectory)) {
        try {
          this.tmux(join(this.runtimeDirectory, name), 'kill-server');
        } catch {
          // It has ended with its last session.
        }
      }
    }
    // A server or a helper that a test has stopped, or cut off.
    endProcessesNaming(this.root);
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** Whatever of it has not ended by itself meanwhile. */
export function endProcessesNaming(text: string): void {
  for (const pid of processesNaming(text)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // gone just now
    }
  }
}

/** Whose command line has the text in it; this process and zombies left out. */
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
