/** Is a person there? What they type comes from stdin, what ccb says to them goes to stderr. */
export function isInteractive(): boolean {
  return Boolean(process.stdin.isTTY && process.stderr.isTTY);
}
