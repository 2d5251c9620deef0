import { visible } from '@ccb/container-agent';
import { type CallOptions, InstanceError } from '@ccb/instance-interface';
import { about, pathOf } from './containers.ts';
import type { ExecCommand, ExecResult, ExecSession } from './engine.ts';
import { isProgramMissing } from './errors.ts';
import { collectExec } from './stream/collect-exec.ts';
import { type AttachedExec, openExecSession } from './stream/exec-session.ts';
import type { Request, Wire } from './wire.ts';

const MAX_OUTPUT_BYTES = 1024 * 1024;
// The deadline of the whole ends its parts.
const PART_MS = Number.POSITIVE_INFINITY;
// What a runtime exits with when it could not run the program; a shell uses the same for programs of its own.
const NOT_RUN: ReadonlySet<number> = new Set([126, 127]);
const RUNTIME_SPEAKS = /^\s*(OCI runtime|runc|crun|exec failed|unable to find (user|group)|Error: (crun|runc|OCI))/i;

/** Programs that are started in a container that runs. */
export class Execs {
  readonly #wire: Wire;

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  run(id: string, command: ExecCommand, call?: CallOptions): Promise<ExecResult> {
    return this.#wire.bounded(requestOf(id, command), call, async (signal) => {
      const session = await this.#start(id, command, command.input !== undefined, MAX_OUTPUT_BYTES, signal);
      const result = await collectExec(session, { maxBytes: MAX_OUTPUT_BYTES, input: command.input, signal });
      assertRan(id, command, result);
      return result;
    });
  }

  open(id: string, command: ExecCommand, call?: CallOptions): Promise<ExecSession> {
    return this.#wire.bounded(requestOf(id, command), call, async (signal) => {
      const session = await this.#start(id, command, true, undefined, signal);
      if (signal.aborted) session.close();
      const letGo = (): void => session.close();
      this.#wire.closed.addEventListener('abort', letGo, { once: true });
      void session.exit.then(() => this.#wire.closed.removeEventListener('abort', letGo));
      if (command.input !== undefined) session.stdin.end(command.input);
      return session;
    });
  }

  async #start(
    id: string,
    command: ExecCommand,
    withInput: boolean,
    stderrTailBytes: number | undefined,
    signal: AbortSignal,
  ): Promise<AttachedExec> {
    const request = requestOf(id, command);
    const prepare = { ...request, path: `${pathOf(id)}/exec`, body: bodyOf(command, withInput), needs: ['Id'] };
    const exec = (await this.#wire.askFields(prepare, { signal, timeoutMs: PART_MS })).text('Id');
    const path = `/exec/${encodeURIComponent(exec)}`;
    const start = { ...request, path: `${path}/start`, body: { Detach: false, Tty: false } };
    const duplex = await this.#wire.hijack(start, { signal, timeoutMs: PART_MS });
    return openExecSession(duplex, {
      tty: false,
      stderrTailBytes,
      inspectExit: (asking) => this.#exit(`${path}/json`, id, asking),
    });
  }

  async #exit(path: string, id: string, signal: AbortSignal): Promise<number | 'running' | undefined> {
    const asked = about(id, `say how a program of the container ${id} ended`);
    const found = await this.#wire.askFields({ ...asked, method: 'GET', path }, { signal });
    // podman says 0 for one that runs.
    if (found.flag('Running')) return 'running';
    return found.has('ExitCode') ? found.number('ExitCode') : undefined;
  }
}

function requestOf(id: string, { argv, env }: ExecCommand): Request {
  return { ...about(id, `run ${argv[0]} in the container ${id}`), env, method: 'POST', path: '' };
}

function bodyOf({ argv, user, workingDirectory, env }: ExecCommand, withInput: boolean): object {
  return {
    AttachStdin: withInput,
    AttachStdout: true,
    AttachStderr: true,
    Cmd: argv,
    ...(user === undefined ? {} : { User: user }),
    ...(workingDirectory === undefined ? {} : { WorkingDir: workingDirectory }),
    ...(env === undefined ? {} : { Env: env }),
  };
}

// What the runtime could not run resolves: it prints to stdout and exits 126 or 127.
function assertRan(id: string, { argv }: ExecCommand, { exitCode, stdout, stderr }: ExecResult): void {
  const said = `${stdout}${stderr}`;
  if (!NOT_RUN.has(exitCode) || !RUNTIME_SPEAKS.test(said)) return;
  const code = isProgramMissing(said) ? 'CCB_PROGRAM_NOT_FOUND' : 'CCB_ENGINE_REFUSED';
  throw new InstanceError(
    code,
    `${id}: ${argv[0]} cannot be run in this container (${visible(said.trim().slice(0, 500))}).`,
  );
}
