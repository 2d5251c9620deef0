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

/** The longest id of a command, in characters: what the contract lets users choose. */
export const maxIdLength = 256;

// In all of these `within` is the path of the object that is looked into, for the message: '' or 'event.'.

export function fields(value: unknown, path: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new FrameError(path, 'an object');
  return value as Fields;
}

export function list(frame: Fields, key: string, within: string = ''): readonly unknown[] {
  const value = frame[key];
  if (!Array.isArray(value)) throw new FrameError(within + key, 'a list');
  return value;
}

export function text(frame: Fields, key: string, max: number = Number.POSITIVE_INFINITY, within: string = ''): string {
  const value = frame[key];
  if (typeof value !== 'string') throw new FrameError(within + key, 'a string');
  if (value.length > max) throw new FrameError(within + key, `at most ${max} characters`);
  return value;
}

export function optionalText(frame: Fields, key: string, max?: number, within?: string): string | undefined {
  return frame[key] === undefined ? undefined : text(frame, key, max, within);
}

export function count(frame: Fields, key: string, within: string = ''): number {
  const value = frame[key];
  if (!Number.isSafeInteger(value) || (value as number) < 0) {
    throw new FrameError(within + key, 'a whole number, 0 or more');
  }
  return value as number;
}

export function optionalCount(frame: Fields, key: string, within?: string): number | undefined {
  return frame[key] === undefined ? undefined : count(frame, key, within);
}

export function flag(frame: Fields, key: string, within: string = ''): boolean {
  const value = frame[key];
  if (typeof value !== 'boolean') throw new FrameError(within + key, 'true or false');
  return value;
}

export function oneOf<const T extends string>(
  frame: Fields,
  key: string,
  values: readonly T[],
  within: string = '',
): T {
  const value = frame[key] as T;
  if (!values.includes(value)) throw new FrameError(within + key, `one of ${values.join(', ')}`);
  return value;
}

/** A word for programs, such as `CCB_TIMEOUT`. */
export function code(frame: Fields, key: string, within: string = ''): string {
  const value = text(frame, key, 100, within);
  if (!/^[A-Z][A-Z0-9_]*$/.test(value)) throw new FrameError(within + key, 'an error code: capitals, digits and _');
  return value;
}

/** An identifier as users may choose it. */
export function identifier(frame: Fields, key: string): string {
  const value = text(frame, key, maxIdLength);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
  if (value === '' || /[\u0000-\u001f\u007f]/.test(value)) {
    throw new FrameError(key, `1 to ${maxIdLength} characters without control characters`);
  }
  return value;
}
