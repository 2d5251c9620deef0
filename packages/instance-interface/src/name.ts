/** What an instance may be called: it becomes a directory, a container name, a host name. */
export const namePattern: RegExp = /^[a-z0-9][a-z0-9_-]{0,62}$/;

/** @throws {TypeError} when `name` does not match {@link namePattern}; the message says what is allowed. */
export function assertInstanceName(name: unknown): asserts name is string {
  if (typeof name === 'string' && namePattern.test(name)) return;
  const shown = typeof name === 'string' ? JSON.stringify(name) : typeof name;
  throw new TypeError(
    `The instance name ${shown} is not allowed: 1 to 63 lower-case letters, digits, "-" and "_", a letter or digit first.`,
  );
}
