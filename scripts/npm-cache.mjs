import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The path of a file of an npm package, which is installed into `.cache/<folder>` unless it is there already. With a list of
 * packages (`name@version`) all of them are, and `file` begins with the name of one.
 * @throws {Error} when npm fails, or the package has no such file
 */
export function cachedFile(folder, name, version, file) {
  const cache = fileURLToPath(new URL(`../.cache/${folder}/`, import.meta.url));
  const wanted = Array.isArray(name) ? name : [`${name}@${version}`];
  const path = Array.isArray(name) ? join(cache, 'node_modules', file) : join(cache, 'node_modules', name, file);
  if (existsSync(path)) return path;
  mkdirSync(cache, { recursive: true });
  const flags = ['--no-save', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
  execFileSync('npm', ['install', '--prefix', cache, ...flags, ...wanted], {
    stdio: ['ignore', process.stderr, process.stderr],
    timeout: 600_000,
  });
  if (!existsSync(path)) throw new Error(`${wanted.join(', ')} has no file ${file}`);
  return path;
}
