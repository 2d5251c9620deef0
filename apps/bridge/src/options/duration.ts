import { UsageError } from '../usage-error.ts';

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };

/** 24 days: a timer holds no more than 2^31 - 1 ms. */
const LONGEST_MS = 576 * 3_600_000;

/** `90`, `90s`, `5m`, `1h`, `0.5s` as milliseconds; a bare number is seconds. @throws {UsageError} naming `option` */
export function parseDuration(option: string, text: string): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)([smh]?)$/.exec(text) ?? [];
  if (amount === undefined) {
    throw new UsageError(`${option} "${text}" is not a duration. Write 90, 90s, 5m or 1h.`);
  }
  const ms = Math.round(Number(amount) * (UNITS[unit || 's'] ?? 0));
  if (ms < 1) throw new UsageError(`${option} "${text}" is no time at all. Leave it out for no limit.`);
  if (ms > LONGEST_MS) throw new UsageError(`${option} "${text}" is too long. The longest is 24 days (576h).`);
  return ms;
}

/** The other way, for messages: `1500` is `1.5s`, `90000` is `1m30s`. */
export function formatDuration(ms: number): string {
  if (ms < 60_000) return `${Number((ms / 1_000).toFixed(ms < 10_000 && ms % 1_000 !== 0 ? 1 : 0))}s`;
  const seconds = Math.floor(ms / 1_000);
  const [hours, minutes, rest] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60];
  if (hours > 0) return minutes > 0 ? `${hours}h${minutes}m` : `${hours}h`;
  return rest > 0 ? `${minutes}m${rest}s` : `${minutes}m`;
}
