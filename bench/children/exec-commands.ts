// What one would do without an instance: an exec of the engine for each command, to its output and its status.
import { once } from 'node:events';
import { EngineApi, stdoutOf } from '../engine-api.ts';
import { serve, setting } from './duty.ts';
import { timeEach } from './timing.ts';

const { container, argv, answer } = setting<{
  readonly container: string;
  readonly argv: readonly string[];
  readonly answer: string;
}>();
const api = new EngineApi();

const command = async (): Promise<void> => {
  const streams = { AttachStdout: true, AttachStderr: true };
  const exec = await api.make(`/containers/${container}/exec`, { ...streams, Cmd: argv });
  const socket = await api.hijack(`/exec/${exec}/start`, { Detach: false, Tty: false });
  let output = '';
  const take = stdoutOf((piece) => {
    output += piece.toString('latin1');
  });
  socket.on('data', take);
  await once(socket, 'end');
  socket.destroy();
  const { ExitCode: code } = JSON.parse(await api.ask('GET', `/exec/${exec}/json`)) as { readonly ExitCode: number };
  if (code !== 0 || output !== answer) throw new Error(`Not the answer: ${JSON.stringify(output)} (exit ${code})`);
};

serve(
  (count: number) => timeEach(count, command),
  () => api.close(),
);
