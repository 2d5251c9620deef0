// Writes docs/api/<package>.md from the docstrings of what was built: `pnpm api`. With --check nothing is written, and the exit
// code is 1 where a page is not what it would be. TypeDoc needs a TypeScript of its own, so both come from npm into .cache.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { cachedFile } from './npm-cache.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const check = process.argv.includes('--check');
const folder = 'api-pages-0.28';
const packages = ['typedoc@0.28.20', 'typedoc-plugin-markdown@4.12.0', 'typescript@5.9.3'];
const entry = cachedFile(folder, packages, undefined, 'typedoc/dist/index.js');
const { Application } = await import(pathToFileURL(entry).href);
const plugin = cachedFile(folder, packages, undefined, 'typedoc-plugin-markdown/dist/index.js');

const work = mkdtempSync(join(tmpdir(), 'ccb-api-'));
const stale = [];
try {
  for (const name of readdirSync(join(root, 'packages')).sort()) {
    const directory = join(root, 'packages', name);
    const manifest = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
    const entries = Object.values(manifest.exports).flatMap((target) =>
      target.types ? [join(directory, target.types)] : [],
    );
    const out = join(work, name);
    mkdirSync(out);
    symlinkSync(join(root, 'node_modules'), join(out, 'node_modules'));
    const compilerOptions = {
      module: 'nodenext',
      target: 'es2022',
      lib: ['es2023', 'esnext.disposable'],
      types: ['node'],
      skipLibCheck: true,
      allowImportingTsExtensions: true,
      noEmit: true,
    };
    writeFileSync(join(out, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: entries }));
    const application = await Application.bootstrapWithPlugins({
      entryPoints: entries,
      tsconfig: join(out, 'tsconfig.json'),
      plugin: [plugin],
      name: manifest.name,
      out: join(out, 'pages'),
      readme: 'none',
      disableSources: true,
      excludePrivate: true,
      excludeExternals: true,
      skipErrorChecking: true,
      logLevel: 'Error',
      outputFileStrategy: 'modules',
      hideBreadcrumbs: true,
      hidePageHeader: true,
      disableGit: true,
    });
    const project = await application.convert();
    if (project === undefined) throw new Error(`${manifest.name} cannot be read: build it first`);
    await application.generateOutputs(project);
    const pages = readdirSync(join(out, 'pages'), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.md'))
      .sort();
    const text = pages
      // With several entries the first page is a list of the others.
      .filter((path) => pages.length === 1 || path !== 'README.md')
      .map((path) => readFileSync(join(out, 'pages', path), 'utf8').replaceAll(root, ''))
      // One page for a package: what links to another of its pages is here, too.
      .map((page) => page.replace(/\]\([^)#\s]*\.md(#[^)]*)?\)/g, (_, anchor) => `](${anchor ?? '#'})`).trim())
      .join('\n\n');
    const path = join(root, 'docs', 'api', `${name}.md`);
    const page = `<!-- Made of the docstrings: pnpm api -->\n\n${text}\n`;
    const before = readdirSync(dirname(path), { withFileTypes: true }).some((each) => each.name === `${name}.md`)
      ? readFileSync(path, 'utf8')
      : '';
    if (before === page) continue;
    stale.push(`docs/api/${name}.md`);
    if (!check) writeFileSync(path, page);
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
if (check && stale.length > 0) {
  console.error(`These pages are not what the docstrings say: ${stale.join(', ')}. Run pnpm api.`);
  process.exitCode = 1;
} else if (stale.length > 0) console.log(`written: ${stale.join(', ')}`);
