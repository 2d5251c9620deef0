import assert from 'node:assert/strict';

/** Asserts that it is written to JSON and read back without a loss; what is absent may be said to be undefined. */
export function assertPlain(value: unknown, path = 'it'): void {
  if (value === null || ['string', 'boolean', 'undefined'].includes(typeof value)) return;
  if (typeof value === 'number') assert.ok(Number.isFinite(value), `${path} is ${value}, which is not JSON`);
  else {
    const prototype: unknown = typeof value === 'object' && Object.getPrototypeOf(value);
    const plain = prototype === Object.prototype || prototype === Array.prototype;
    assert.ok(plain, `${path} is not plain JSON: ${String(value)}`);
    for (const [key, part] of Object.entries(value as object)) assertPlain(part, `${path}.${key}`);
  }
}
