/** The longest that a Unix socket's address is, in bytes. */
export const maxSocketBytes = 107;

/** What Node calls a socket that settings and command lines call `/path` or `@name` (a name without a file, of this network namespace). */
export function socketAddress(socket: string): string {
  return isAbstract(socket) ? `\0${socket.slice(1)}` : socket;
}

export function isAbstract(socket: string): boolean {
  return socket.startsWith('@');
}
