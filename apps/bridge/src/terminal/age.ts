const UNITS = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
] as const;

/** How long ago a time was, for a table: "3 hours ago". */
export function age(time: string, now: number = Date.now()): string {
  const seconds = Math.max(0, Math.floor((now - Date.parse(time)) / 1_000));
  for (const [unit, size] of UNITS) {
    const count = Math.floor(seconds / size);
    if (count > 0) return `${count} ${unit}${count === 1 ? '' : 's'} ago`;
  }
  return 'just now';
}
