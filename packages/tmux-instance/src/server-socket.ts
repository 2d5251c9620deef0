import { createHash } from 'node:crypto';
import { chmodSync, lstatSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { InstanceError } from '@ccb/instance-interface';

/** Where servers of ours have their sockets: `$XDG_RUNTIME_DIR/ccb`, else a directory of the user's own in the temporary one. */
export function defaultRuntimeDirectory(env: NodeJS.ProcessEnv = process.env): string {
  const { XDG_RUNTIME_DIR: runtime } = env;
  if (runtime && isAbsolute(runtime)) return join(runtime, 'ccb');
  return join(tmpdir(), `ccb-${process.getuid?.() ?? 'user'}`);
}

/** The socket of the one server that serves all instances of a home. */
export function serverSocket(runtimeDirectory: string, home: string): string {
  const digest = createHash('sha256').update(home).digest('hex').slice(0, 12);
  return join(runtimeDirectory, `tmux-${digest}.sock`);
}

/**
 * Makes the directory of our sockets. Whoever can write there can type into our panes.
 * @throws {InstanceError} CCB_BACKEND_UNREACHABLE when it belongs to somebody else
 */
export function makeRuntimeDirectory(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const stats = lstatSync(directory);
  const uid = process.getuid?.();
  if (!stats.isDirectory() || (uid !== undefined && stats.uid !== uid)) {
    const message = `${directory} is not a directory of yours. Set XDG_RUNTIME_DIR to one that is.`;
    throw new InstanceError('CCB_BACKEND_UNREACHABLE', message);
  }
  if ((stats.mode & 0o077) !== 0) chmodSync(directory, 0o700);
}
