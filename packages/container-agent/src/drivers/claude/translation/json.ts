/** A JSON object whose fields were not looked at yet. */
export type Json = Readonly<Record<string, unknown>>;

/** A line that lacks what makes it a message of its type. */
export class WireError extends TypeError {
  override readonly name: string = 'WireError';
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function object(value: unknown): Json {
  if (!isObject(value)) throw new WireError('not an object');
  return value;
}

export function text(from: Json, key: string): string {
  const value = from[key];
  if (typeof value !== 'string') throw new WireError(`${key} is no string`);
  return value;
}

// What is optional is taken where it is what it should be, and else not there: versions differ.

export function optionalText(from: Json, key: string): string | undefined {
  const value = from[key];
  return typeof value === 'string' ? value : undefined;
}

export function optionalNumber(from: Json, key: string): number | undefined {
  const value = from[key];
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

export function optionalObject(from: Json, key: string): Json {
  const value = from[key];
  return isObject(value) ? value : {};
}

export function optionalList(from: Json, key: string): readonly unknown[] {
  const value = from[key];
  return Array.isArray(value) ? value : [];
}

export function texts(from: Json, key: string): readonly string[] {
  return optionalList(from, key).filter((entry) => typeof entry === 'string');
}
