/** A frame that does not say what the protocol says. `path` names the field. */
export class FrameError extends TypeError {
  readonly path: string;
  constructor(path: string, expected: string) {
    super(`protocol: ${path} must be ${expected}`);
    this.name = 'FrameError';
    this.path = path;
  }
}

export type Fields = Record<string, unknown>;

export function fields(value: unknown, path: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new FrameError(path, 'an object');
  return value as Fields;
}

export function text(frame: Fields, key: string, max: number = Number.POSITIVE_INFINITY): string {
  const value = frame[key];
  if (typeof value !== 'string') throw new FrameError(key, 'a string');
  if (value.length > max) throw new FrameError(key, `at most ${max} characters`);
  return value;
}

export function optionalText(frame: Fields, key: string, max?: number): string | undefined {
  return frame[key] === undefined ? undefined : text(frame, key, max);
}

export function count(frame: Fields, key: string): number {
  const value = frame[key];
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw new FrameError(key, 'a whole number, 0 or more');
  return value as number;
}

export function optionalCount(frame: Fields, key: string): number | undefined {
  return frame[key] === undefined ? undefined : count(frame, key);
}

export function flag(frame: Fields, key: string): boolean {
  const value = frame[key];
  if (typeof value !== 'boolean') throw new FrameError(key, 'true or false');
  return value;
}

export function oneOf<const T extends string>(frame: Fields, key: string, values: readonly T[]): T {
  const value = frame[key] as T;
  if (!values.includes(value)) throw new FrameError(key, `one of ${values.join(', ')}`);
  return value;
}

/** An identifier as users may choose it: 1 to 200 characters, no control characters. */
export function identifier(frame: Fields, key: string): string {
  const value = text(frame, key, 200);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
  if (value === '' || /[\u0000-\u001f\u007f]/.test(value)) {
    throw new FrameError(key, '1 to 200 characters without control characters');
  }
  return value;
}
