let lastMs = 0;
let lastText = '';

/** Now as ISO 8601, UTC, with milliseconds. The text is made once per millisecond: it stands on every line. */
export function timestamp(): string {
  const ms = Date.now();
  if (ms !== lastMs) {
    lastMs = ms;
    lastText = new Date(ms).toISOString();
  }
  return lastText;
}
