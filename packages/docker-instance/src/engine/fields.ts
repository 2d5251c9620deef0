/** Reads what an engine sent, of any version and make: what is absent, null or of another type is as if it were not there. */
export class Fields {
  readonly #value: Readonly<Record<string, unknown>>;

  constructor(value: unknown) {
    this.#value = Fields.fit(value) ? value : {};
  }

  static fit(value: unknown): value is Record<string, unknown> {
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  }

  text(name: string): string {
    const value = this.#value[name];
    return typeof value === 'string' ? value : '';
  }

  number(name: string): number {
    const value = this.#value[name];
    return typeof value === 'number' && Number.isFinite(value) ? value : 0;
  }

  flag(name: string): boolean {
    return this.#value[name] === true;
  }

  has(name: string): boolean {
    return this.#value[name] !== undefined && this.#value[name] !== null;
  }

  in(name: string): Fields {
    return new Fields(this.#value[name]);
  }

  list(name: string): readonly unknown[] {
    const value = this.#value[name];
    return Array.isArray(value) ? value : [];
  }

  texts(name: string): readonly string[] {
    return this.list(name).filter((value) => typeof value === 'string');
  }

  entries(): readonly (readonly [string, unknown])[] {
    return Object.entries(this.#value);
  }

  /** Its texts by name: labels. */
  textMap(): Readonly<Record<string, string>> {
    const texts = Object.entries(this.#value).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    );
    return Object.fromEntries(texts);
  }
}
