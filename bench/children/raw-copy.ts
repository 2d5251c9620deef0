// The far end of the raw path: runs a program when told to, and copies what it writes into a FIFO.
import { spawn } from 'node:child_process';
import { serve, setting } from './duty.ts';
import { DirectWriter, readInPlace } from './fifo-end.ts';
import type { RawPipes } from './raw-pipes.ts';

const { incoming, outgoing } = setting<RawPipes>();
const writer = new DirectWriter(outgoing);

readInPlace(incoming, (request) => {
  const [program, ...args] = JSON.parse(request.toString()) as [string, ...string[]];
  const { stdout } = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  // Resumed by Node itself when the program exits, whatever waits here: the writer takes it.
  stdout.on('data', (chunk: Buffer) => {
    if (!writer.write(chunk, () => stdout.resume())) stdout.pause();
  });
});
serve(() => undefined);
