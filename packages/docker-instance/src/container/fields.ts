/** The error of whoever asks, for a field (its path) that is not what it must be. */
export type Bad = (field: string, expected: string) => Error;

export type Fields = Readonly<Record<string, unknown>>;

/** A plain object that has no other keys: a misspelt limit would be no limit. */
export function object(value: unknown, field: string, keys: readonly string[] | undefined, bad: Bad): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw bad(field, 'an object');
  const unknown = keys && Object.keys(value).find((key) => !keys.includes(key));
  if (unknown !== undefined) throw bad(field, `an object of ${keys?.join(', ')}, without ${unknown}`);
  return value as Fields;
}

export function list(value: unknown, field: string, bad: Bad): readonly unknown[] {
  if (!Array.isArray(value)) throw bad(field, 'a list');
  return value;
}

export function matching(value: unknown, field: string, pattern: RegExp, expected: string, bad: Bad): string {
  if (typeof value !== 'string' || !pattern.test(value)) throw bad(field, expected);
  return value;
}

export function oneOf<const T extends string>(value: unknown, field: string, words: readonly T[], bad: Bad): T {
  if (!words.includes(value as T)) throw bad(field, words.map((word) => `'${word}'`).join(' or '));
  return value as T;
}

export function truth(value: unknown, field: string, bad: Bad): boolean {
  if (typeof value !== 'boolean') throw bad(field, 'true or false');
  return value;
}

export function wholeNumber(value: unknown, field: string, from: number, to: number, bad: Bad): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < from || value > to) {
    throw bad(
      field,
      to === Number.MAX_SAFE_INTEGER ? `a whole number, ${from} or more` : `a whole number from ${from} to ${to}`,
    );
  }
  return value;
}
