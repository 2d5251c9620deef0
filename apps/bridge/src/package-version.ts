import { readFileSync } from 'node:fs';

/** From here and from where this is built to, the manifest is in the folder above. */
export function packageVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}
