// Prints the path of a pinned Claude Code binary, installed from npm into a cache folder: node scripts/claude-code.mjs 2.1.197
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const version = process.argv[2];
if (!/^\d+\.\d+\.\d+$/.test(version ?? '')) {
  console.error('usage: node scripts/claude-code.mjs VERSION');
  process.exit(2);
}
const musl = !process.report.getReport().header.glibcVersionRuntime;
const name = `@anthropic-ai/claude-code-linux-${process.arch}${musl ? '-musl' : ''}`;
const cache = fileURLToPath(new URL(`../.cache/claude-code-${version}/`, import.meta.url));
const binary = join(cache, 'node_modules', name, 'claude');
if (!existsSync(binary)) {
  mkdirSync(cache, { recursive: true });
  const npm = [
    'install',
    '--prefix',
    cache,
    '--no-save',
    '--no-audit',
    '--no-fund',
    '--ignore-scripts',
    '--loglevel=error',
    `${name}@${version}`,
  ];
  execFileSync('npm', npm, { stdio: ['ignore', process.stderr, process.stderr], timeout: 600_000 });
}
if (!existsSync(binary)) {
  console.error(`${name}@${version} has no file called claude, but: ${readdirSync(join(cache, 'node_modules', name)).join(', ')}`);
  process.exit(1);
}
console.log(binary);
