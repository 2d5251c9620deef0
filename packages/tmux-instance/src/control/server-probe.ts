import { connect } from 'node:net';
import { InstanceError } from '@ccb/instance-interface';

/** A Unix socket's path on Linux, in bytes. */
const longest = 107;

/** @throws {InstanceError} CCB_BACKEND_UNREACHABLE for a path that the kernel would cut off */
export function assertSocketPath(socket: string): void {
  const length = Buffer.byteLength(socket);
  if (length <= longest) return;
  const message = `${socket} is ${length} bytes long; a socket's path has at most ${longest}. Set XDG_RUNTIME_DIR to a shorter directory.`;
  throw new InstanceError('CCB_BACKEND_UNREACHABLE', message);
}

/** Does anybody listen? */
export function answers(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = connect(socket);
    const end = (listening: boolean): void => {
      connection.destroy();
      resolve(listening);
    };
    connection.once('connect', () => end(true));
    connection.once('error', () => end(false));
  });
}
