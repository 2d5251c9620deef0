import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { type FakeFault, seeGone } from './fake-engine.ts';
import type { FakeExecRecord } from './fake-engine-state.ts';

export interface FakeRun {
  readonly argv: readonly string[];
  readonly stdin: Readable;
  readonly say: (stream: 'stdout' | 'stderr', text: string | Buffer) => void;
  readonly exit: (code: number) => void;
}

export type FakeProgram = (run: FakeRun) => void;

const UPGRADED =
  'HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n';

/** An exec over an upgraded connection, in the engine's framing. */
export function runFakeExec(
  socket: Socket,
  exec: FakeExecRecord,
  program: FakeProgram,
  fault: FakeFault | undefined,
): void {
  socket.write(UPGRADED);
  const say: FakeRun['say'] = (stream, text) => void socket.write(frame(stream, text));
  if (fault === 'malformed') return void socket.end('no frame at all');
  if (fault === 'truncated' || fault === 'stall') {
    const whole = frame('stdout', exec.argv.join(' '));
    const half = whole.subarray(0, whole.length / 2);
    if (fault === 'truncated') return void socket.end(half);
    socket.write(half);
    seeGone(socket);
    return;
  }
  const exit = (code: number): void => {
    exec.running = false;
    exec.exitCode = code;
    socket.end();
  };
  program({ argv: exec.argv, stdin: socket, say, exit });
  socket.resume();
}

/** As the engine sends a piece of a container's stdout or stderr. */
export function frame(stream: 'stdout' | 'stderr', text: string | Buffer): Buffer {
  const payload = Buffer.from(text);
  const header = Buffer.alloc(8);
  header[0] = stream === 'stdout' ? 1 : 2;
  header.writeUInt32BE(payload.length, 4);
  return Buffer.concat([header, payload]);
}
