import { readFileSync } from 'node:fs';

/** The lines of a README's shell blocks that are calls of ccb, without their comments. Its path is one from this package. */
export function examplesOf(readme: string): readonly string[] {
  const text = readFileSync(new URL(`../../${readme}`, import.meta.url), 'utf8');
  const blocks = [...text.matchAll(/```sh\n(.*?)```/gs)].map((match) => match[1] ?? '');
  return blocks
    .flatMap((block) => block.split('\n'))
    .map((line) => line.replace(/\s{2,}#.*$/, ''))
    .filter((line) => /\bccb (run|chat)\b/.test(line));
}
