import type { CallOptions } from '../call.ts';
import type { CollectOptions, CommandOptions, ReadOptions, ResumeOptions } from '../command.ts';
import type { CleanupOptions, HistoryOptions, StopOptions } from '../instance.ts';
import { defaultMaxOutputBytes, greatestMaxOutputBytes } from './answer/collector.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const controlCharacter = /[\u0000-\u001f\u007f]/;

/** @throws {TypeError} for a text that no program can be given */
export function assertCommandText(text: unknown): asserts text is string {
  if (typeof text !== 'string') throw new TypeError(`A command must be a string, but it is ${kindOf(text)}.`);
  if (text === '') throw new TypeError('A command must not be empty: leave it out instead of sending it.');
  if (text.includes('\0')) throw new TypeError('A command must not contain a NUL character: remove it.');
}

/** @throws {TypeError} */
export function assertCommandId(id: unknown): asserts id is string {
  if (typeof id === 'string' && id !== '' && id.length <= 256 && !controlCharacter.test(id)) return;
  throw new TypeError('A command id must be a string of 1 to 256 characters without control characters.');
}

/** @throws {TypeError} */
export function assertCallOptions(options: CallOptions): void {
  assertObject(options);
  const { signal, timeoutMs } = options;
  assertSignal(signal);
  if (timeoutMs !== undefined && !(Number.isFinite(timeoutMs) && timeoutMs > 0)) {
    throw new TypeError(`options.timeoutMs must be a positive number of milliseconds, but it is ${shown(timeoutMs)}.`);
  }
}

/** @throws {TypeError} */
export function assertCommandOptions(options: CommandOptions): void {
  assertCallOptions(options);
  if (options.id !== undefined) assertCommandId(options.id);
  assertPermission(options.permission);
  const { stderr } = options;
  if (stderr !== undefined && stderr !== 'separate' && stderr !== 'merge') {
    throw new TypeError(`options.stderr must be 'separate' or 'merge', but it is ${shown(stderr)}.`);
  }
}

/** @returns the limit, in bytes @throws {TypeError} */
export function maxOutputBytesOf(options: CollectOptions): number {
  const max = options.maxOutputBytes ?? defaultMaxOutputBytes;
  if (Number.isInteger(max) && max >= 0 && max <= greatestMaxOutputBytes) return max;
  throw new TypeError(
    `options.maxOutputBytes must be a whole number from 0 to ${greatestMaxOutputBytes}, but it is ${shown(max)}.`,
  );
}

/** @throws {TypeError} */
export function assertResumeOptions(options: ResumeOptions): void {
  assertCallOptions(options);
  assertCursor(options.after);
  assertPermission(options.permission);
}

/** @throws {TypeError} */
export function assertHistoryOptions(options: HistoryOptions): void {
  assertObject(options);
  assertSignal(options.signal);
  assertCursor(options.after);
  assertBoolean('follow', options.follow);
}

/** @throws {TypeError} */
export function assertReadOptions(options: ReadOptions): void {
  assertObject(options);
  assertSignal(options.signal);
  assertBoolean('cancelOnReturn', options.cancelOnReturn);
}

/** @returns the grace, in milliseconds @throws {TypeError} */
export function graceMsOf(options: StopOptions): number {
  assertCallOptions(options);
  const graceMs = options.graceMs ?? 5000;
  if (Number.isFinite(graceMs) && graceMs >= 0) return graceMs;
  throw new TypeError(`options.graceMs must be a number of milliseconds, 0 or more, but it is ${shown(graceMs)}.`);
}

/** @throws {TypeError} */
export function assertCleanupOptions(options: CleanupOptions): void {
  assertCallOptions(options);
  assertBoolean('remove', options.remove);
}

/** @returns how many commands may wait @throws {TypeError} */
export function maxQueueOf(maxQueue: number | undefined): number {
  const max = maxQueue ?? 64;
  if (Number.isInteger(max) && max >= 0) return max;
  throw new TypeError(`options.maxQueue must be a whole number, 0 or more, but it is ${shown(max)}.`);
}

/** @throws {TypeError} */
export function assertListener(listener: unknown): void {
  if (typeof listener !== 'function')
    throw new TypeError(`A listener must be a function, but it is ${kindOf(listener)}.`);
}

/** @throws {TypeError} */
export function assertPermission(permission: unknown): void {
  if (permission === undefined || permission === 'deny' || permission === 'allow') return;
  if (typeof permission === 'function') return;
  throw new TypeError(`options.permission must be 'deny', 'allow' or a function, but it is ${shown(permission)}.`);
}

function assertCursor(after: unknown): void {
  if (after === undefined || (typeof after === 'string' && after !== '')) return;
  throw new TypeError(`options.after must be a cursor, kept from an event, but it is ${shown(after)}.`);
}

function assertBoolean(name: string, value: unknown): void {
  if (value === undefined || typeof value === 'boolean') return;
  throw new TypeError(`options.${name} must be true or false, but it is ${shown(value)}.`);
}

function assertObject(options: unknown): void {
  if (typeof options === 'object' && options !== null) return;
  throw new TypeError(`options must be an object, but it is ${kindOf(options)}.`);
}

function assertSignal(signal: unknown): void {
  if (signal === undefined) return;
  // Structural: signals of another realm or a polyfill are welcome.
  if (typeof signal === 'object' && signal !== null && 'aborted' in signal && 'addEventListener' in signal) return;
  throw new TypeError(`options.signal must be an AbortSignal, but it is ${kindOf(signal)}.`);
}

function kindOf(value: unknown): string {
  return value === null ? 'null' : typeof value;
}

function shown(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : typeof value === 'number' ? String(value) : kindOf(value);
}
