import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = new URL('../../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');

/** Sources of a package that users get. */
function sources(directory: URL): readonly string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter(
      (path) =>
        path.endsWith('.ts') && !path.endsWith('.test.ts') && !/(^|\/)(testing|mutants|fake-claude)\//.test(path),
    )
    .map((path) => readFileSync(new URL(path, directory), 'utf8'));
}

describe('docs/troubleshooting.md', () => {
  const page = read('docs/troubleshooting.md');
  const folders = ['packages', 'apps'].flatMap((folder) =>
    readdirSync(new URL(`${folder}/`, root)).map((name) => new URL(`${folder}/${name}/src/`, root)),
  );
  const code = /(?:Error\(\s*|code: |code = |, )'(CCB_[A-Z]+(?:_[A-Z]+)*)'/g;
  const used = new Set(
    folders.flatMap(sources).flatMap((text) => [...text.matchAll(code)].map(([, name]) => name as string)),
  );

  // A variable; and what ends inside of the engine's calls.
  for (const name of ['CCB_HOME', 'CCB_ABORTED']) used.delete(name);

  test('has every code that a user can meet', () => {
    expect(used.size).toBeGreaterThan(25);
    expect([...used].filter((name) => !page.includes(`| \`${name}\``)).sort()).toEqual([]);
  });

  test('has none that nobody can meet', () => {
    const all = folders.flatMap(sources).join('\n');
    const told = [...page.matchAll(/^\| `(CCB_\w+)`/gm)].map(([, name]) => name as string);
    expect(told.filter((name) => !all.includes(`'${name}'`))).toEqual([]);
  });
});

describe('docs/guarantees.md', () => {
  const page = read('docs/guarantees.md');
  const lines = page.split('\n').filter((line) => line.startsWith('- `'));

  test('each of the ten has something that holds it', () => {
    expect(page.match(/^\*\*G\d+\./gm)).toHaveLength(10);
    expect(lines.length).toBeGreaterThan(10);
  });

  test.each(lines)('%s', (line) => {
    const files = [...line.matchAll(/`([^`]+\.ts)`/g)].map(([, path]) => path as string);
    for (const file of files) expect([file, existsSync(fileURLToPath(new URL(file, root)))]).toEqual([file, true]);
    const [, title] = /: "(.*)"$/.exec(line) ?? [];
    if (title !== undefined) expect(read(files[0] as string)).toContain(title);
  });
});

describe('links', () => {
  const pages = [
    'README.md',
    'CONTRIBUTING.md',
    'SECURITY.md',
    ...readdirSync(new URL('docs/', root)).map((name) => `docs/${name}`),
  ].filter((path) => path.endsWith('.md'));

  test.each(pages)('of %s lead somewhere', (page) => {
    const links = [...read(page).matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(([, target]) => target as string);
    const missing = links.filter((target) => !existsSync(fileURLToPath(new URL(target, new URL(page, root)))));
    expect(missing).toEqual([]);
  });
});
