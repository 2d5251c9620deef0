import type { Duplex } from 'node:stream';
import { EngineApi, stdoutOf } from '../engine-api.ts';

/** A persistent connection to a program in a container, as the engine offers it. */
export interface ContainerPipeSetting {
  readonly container: string;
  /** What an exec runs; absent: the container's main program is attached to. */
  readonly argv?: readonly string[] | undefined;
}

export async function openContainerPipe(
  { container, argv }: ContainerPipeSetting,
  take: (stdout: Buffer) => void,
): Promise<Duplex> {
  const api = new EngineApi();
  const streams = { AttachStdin: true, AttachStdout: true, AttachStderr: true, Tty: false };
  const pipe =
    argv === undefined
      ? await api.hijack(`/containers/${container}/attach?stream=1&stdin=1&stdout=1&stderr=1`)
      : await api.hijack(`/exec/${await api.make(`/containers/${container}/exec`, { ...streams, Cmd: argv })}/start`, {
          Detach: false,
          Tty: false,
        });
  pipe.on('data', stdoutOf(take));
  return pipe;
}
