/** The version of the wire protocol that this build speaks. */
export const protocolVersion = 1;

/** The oldest version that this build still understands. */
export const oldestProtocol = 1;

/** Highest version that both ends speak, if there is one. `range` is what the other end offers, both included. */
export function negotiate(range: readonly [number, number]): number | undefined {
  const version = Math.min(protocolVersion, range[1]);
  return version >= Math.max(oldestProtocol, range[0]) ? version : undefined;
}
