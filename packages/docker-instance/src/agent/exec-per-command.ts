import { StringDecoder } from 'node:string_decoder';
import type { DirectProgram } from '@ccb/container-agent';
import { InstanceError } from '@ccb/instance-interface';
import type { Call, Command, RunEnd } from '@ccb/instance-interface/abstract';
import type { Engine, ExecSession } from '../engine/engine.ts';
import { withNode } from './foothold.ts';

/**
 * Runs in the container, from memory alone: reads one line of what to run, passes the rest of stdin on, and takes the
 * program's whole group down when stdin ends. `I` asks it to interrupt the program.
 */
const LAUNCH = `
const { spawn } = require('child_process');
let child, line = '';
const end = (signal) => { try { process.kill(-child.pid, signal); } catch {} };
process.stdin.setEncoding('utf8').on('data', (text) => {
  if (child) return end('SIGINT');
  line += text;
  if (!line.endsWith('\\n')) return;
  const { argv, env, input } = JSON.parse(line);
  child = spawn(argv[0], argv.slice(1), { env: { ...process.env, ...env }, stdio: ['pipe', 'inherit', 'inherit'], detached: true });
  child.stdin.on('error', () => {}).end(input);
  child.on('error', (error) => { console.error(error.message); process.exit(127); });
  child.on('exit', (code, signal) => process.exit(code ?? 128 + require('os').constants.signals[signal]));
}).on('end', () => { end('SIGKILL'); process.exit(130); });
`;

export interface ExecPerCommandScene {
  readonly instance: string;
  readonly engine: Engine;
  /** Its id. */
  readonly container: string;
  readonly containerName: string;
  readonly program: string;
  readonly programArgs: readonly string[];
  readonly workspace: string | undefined;
  /** By the launcher's stdin: nothing of it is in the engine. */
  readonly env: Readonly<Record<string, string>>;
}

/** The last resort, for a container in which nothing can be written: one exec of the program for each command. */
export class ExecPerCommand implements DirectProgram {
  readonly #scene: () => ExecPerCommandScene;
  readonly #sessions = new Map<string, ExecSession>();

  /** @param scene asked when it is needed: the engine may not be connected yet */
  constructor(scene: () => ExecPerCommandScene) {
    this.#scene = scene;
  }

  async start(call: Call): Promise<void> {
    const { engine, container, containerName } = this.#scene();
    const { state } = await engine.inspectContainer(container, call);
    if (!state.running) await engine.startContainer(container, call);
    await withNode(containerName, () => engine.exec(container, { argv: ['node', '-e', ''] }, call));
  }

  async *run({ id, text, signal }: Command): AsyncGenerator<string, RunEnd, void> {
    const { engine, container, containerName, workspace, env } = this.#scene();
    const command = { argv: ['node', '-e', LAUNCH], workingDirectory: workspace } as const;
    const session = await withNode(containerName, () => engine.openExec(container, command, { signal }));
    const close = (): void => session.close();
    signal.addEventListener('abort', close);
    this.#sessions.set(id, session);
    try {
      session.stdin.write(`${JSON.stringify({ ...this.#invocation(text), env })}\n`);
      const decoder = new StringDecoder('utf8');
      for await (const chunk of session.stdout) {
        const piece = decoder.write(chunk as Buffer);
        if (piece !== '') yield piece;
      }
      const rest = decoder.end();
      if (rest !== '') yield rest;
      return this.#end(await session.exit, session.stderrTail());
    } finally {
      signal.removeEventListener('abort', close);
      this.#sessions.delete(id);
      session.close();
    }
  }

  async interrupt({ id }: Command): Promise<void> {
    this.#sessions.get(id)?.stdin.write('I');
  }

  async probe(call: Call): Promise<boolean> {
    const { engine, container } = this.#scene();
    const { state } = await engine.inspectContainer(container, call);
    if (!state.running || state.paused) return false;
    return (await engine.exec(container, { argv: ['node', '-e', ''] }, call)).exitCode === 0;
  }

  /** The container goes on: it is not ours. */
  async stop(): Promise<void> {
    for (const session of this.#sessions.values()) session.close();
  }

  #invocation(text: string): { readonly argv: readonly string[]; readonly input: string } {
    const { program, programArgs } = this.#scene();
    if (program === 'claude') return { argv: ['claude', '--print', ...programArgs], input: text };
    return { argv: ['sh', ...programArgs, '-c', text], input: '' };
  }

  #end(exitCode: number | undefined, stderr: string): RunEnd {
    const { instance, containerName } = this.#scene();
    if (exitCode === undefined) {
      const message = `${instance}: the connection to the command in ${containerName} was lost; how it ended is not known`;
      throw new InstanceError('CCB_BACKEND_UNREACHABLE', message, { retryable: true, instance });
    }
    const words = stderr.trim();
    const message = words === '' ? `exit status ${exitCode}` : `exit status ${exitCode}: ${words}`;
    const error = { code: 'CCB_COMMAND_FAILED', message, retryable: false } as const;
    return { success: exitCode === 0, completedBy: 'exit', exitCode, ...(exitCode !== 0 && { error }) };
  }
}
