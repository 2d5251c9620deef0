// Prints the path of another Node version's binary, which npm's node-linux-* packages bring: node scripts/node-binary.mjs 18
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const major = process.argv[2];
if (!/^\d+$/.test(major ?? '')) {
  console.error('usage: node scripts/node-binary.mjs MAJOR');
  process.exit(2);
}
const name = `node-linux-${process.arch}`;
const cache = fileURLToPath(new URL(`../.cache/node-${major}/`, import.meta.url));
const binary = join(cache, 'node_modules', name, 'bin', 'node');
if (!existsSync(binary)) {
  mkdirSync(cache, { recursive: true });
  const npm = [
    'install',
    '--prefix',
    cache,
    '--no-save',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
    `${name}@${major}`,
  ];
  execFileSync('npm', npm, { stdio: ['ignore', process.stderr, process.stderr], timeout: 300_000 });
}
console.log(binary);
