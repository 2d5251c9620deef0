import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fakeClaudeFile } from '@ccb/conformance/claude';
import type { InstanceInterface, InstanceSpec } from '@ccb/instance-interface';
import { processBackend } from '@ccb/process-instance';
import { expect, vi } from 'vitest';

const PACKAGE = fileURLToPath(new URL('../..', import.meta.url));
const CLI = join(PACKAGE, 'dist', 'cli.js');

export interface Finished {
  readonly exitCode: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
  readonly durationMs: number;
}

export interface Running {
  readonly child: ChildProcessWithoutNullStreams;
  readonly finished: Promise<Finished>;
}

/** A place of its own for the built `ccb`: a home, a workspace, and an environment made from nothing. */
export class Sandbox {
  readonly directory: string = realpathSync(mkdtempSync(join(tmpdir(), 'ccb-bridge-')));
  readonly home: string = join(this.directory, 'ccb');
  readonly workspace: string = join(this.directory, 'work');

  /** First on PATH. */
  readonly bin: string = join(this.directory, 'bin');

  constructor() {
    mkdirSync(this.workspace);
    mkdirSync(this.bin);
  }

  get env(): Record<string, string> {
    return {
      PATH: `${this.bin}:/usr/bin:/bin`,
      HOME: this.directory,
      CCB_HOME: this.home,
      XDG_RUNTIME_DIR: this.directory,
      TERM: 'xterm',
      SHELL: '/bin/sh',
    };
  }

  /** `ccb` with `args`; `input` is all of its stdin. */
  async ccb(
    args: readonly string[],
    options: { readonly input?: string; readonly env?: object } = {},
  ): Promise<Finished> {
    const { child, finished } = this.start(args, options.env);
    child.stdin.end(options.input ?? '');
    return await finished;
  }

  start(args: readonly string[], env: object = {}): Running {
    return this.#spawn(process.execPath, [CLI, ...args], env);
  }

  /** A line for /bin/sh in which `ccb` is the built one. */
  async shell(line: string): Promise<Finished> {
    const { child, finished } = this.#spawn('/bin/bash', [
      '-c',
      `ccb() { '${process.execPath}' '${CLI}' "$@"; }\n${line}`,
    ]);
    child.stdin.end();
    return await finished;
  }

  /** A program that imports the packages as this one does. */
  async typescript(program: string): Promise<Finished> {
    const directory = mkdtempSync(join(PACKAGE, 'node_modules', '.program-'));
    try {
      const file = join(directory, 'program.mts');
      writeFileSync(file, program);
      const { child, finished } = this.#spawn(process.execPath, ['--import', import.meta.resolve('tsx'), file]);
      child.stdin.end();
      return await finished;
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  }

  /** `ccb` in a terminal of its own. */
  terminal(args: string): Running {
    return this.#spawn('script', ['-qec', `exec '${process.execPath}' '${CLI}' ${args}`, '/dev/null']);
  }

  /** Puts a scripted Claude Code on PATH. It adds its arguments and the directory of its login to `claudeStarts`, a line each time. */
  installClaude(): void {
    const script = [
      '#!/bin/sh',
      `echo "login=$CLAUDE_CONFIG_DIR $*" >> '${this.claudeStarts}'`,
      `exec '${process.execPath}' '${fileURLToPath(fakeClaudeFile)}' "$@"`,
    ];
    writeFileSync(join(this.bin, 'claude'), `${script.join('\n')}\n`, { mode: 0o755 });
  }

  get claudeStarts(): string {
    return join(this.directory, 'claude-starts');
  }

  /** An instance that another program made, and let go of before it started. */
  async make(spec: Omit<InstanceSpec, 'type'>): Promise<void> {
    const instance = await processBackend({ home: this.home }).create({ ...spec, type: 'process' });
    await instance.detach();
  }

  /** What `work` makes of a kept instance, which it finds as a program that observes it. */
  async observe<T>(name: string, work: (instance: InstanceInterface) => Promise<T>): Promise<T> {
    const backend = processBackend({ home: this.home });
    const record = (await backend.discover()).find((each) => each.name === name)?.record;
    if (record === undefined) throw new Error(`There is no instance ${name}.`);
    const instance = await backend.open(record, { mode: 'observe' });
    try {
      return await work(instance);
    } finally {
      await instance.detach();
    }
  }

  /** Resolves when no process and no instance of this sandbox is left. */
  async whenEmpty(): Promise<void> {
    const nothing = { instances: [], processes: [] };
    await vi.waitFor(() => expect({ instances: this.#instances(), processes: this.#processes() }).toEqual(nothing), {
      timeout: 10_000,
      interval: 20,
    });
  }

  #instances(): readonly string[] {
    try {
      return readdirSync(join(this.home, 'instances'));
    } catch {
      return [];
    }
  }

  /** Ends and removes the instances that were kept. */
  async endInstances(): Promise<void> {
    const backend = processBackend({ home: this.home });
    for (const { record } of await backend.discover()) {
      if (record !== undefined) await (await backend.open(record)).cleanup({ remove: true });
    }
  }

  /** Command lines of the processes whose environment or arguments name this sandbox. */
  #processes(): readonly string[] {
    return readdirSync('/proc')
      .filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid)
      .filter((pid) => contentOf(`/proc/${pid}/environ`, `/proc/${pid}/cmdline`).includes(this.directory))
      .map((pid) => contentOf(`/proc/${pid}/cmdline`).replaceAll('\0', ' '));
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }

  #spawn(file: string, args: readonly string[], env: object = {}): Running {
    const since = performance.now();
    const child = spawn(file, args, { cwd: this.workspace, env: { ...this.env, ...env } });
    // A program that ends without reading its input is not an error of the test.
    child.stdin.on('error', () => undefined);
    const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    const finished = new Promise<Finished>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (exitCode) =>
        resolve({
          exitCode,
          stdout: Buffer.concat(stdout),
          stderr: Buffer.concat(stderr).toString(),
          durationMs: performance.now() - since,
        }),
      );
    });
    return { child, finished };
  }
}

function contentOf(...files: readonly string[]): string {
  try {
    return files.map((file) => readFileSync(file, 'utf8')).join('\0');
  } catch {
    return '';
  }
}
