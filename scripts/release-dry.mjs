// Everything that a release does but the upload, in a clone that is thrown away: `pnpm release:dry`. It prints the changelog
// of the new version, and a table of what would be published.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const work = mkdtempSync(join(tmpdir(), 'ccb-release-'));
const clone = join(work, 'clone');
const tarballs = join(work, 'tarballs');

function run(title, file, args, options = {}) {
  process.stderr.write(`${title}\n`);
  try {
    return execFileSync(file, args, {
      cwd: clone,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 300_000,
      ...options,
    });
  } catch (error) {
    process.stderr.write(`${error.stdout ?? ''}${error.stderr ?? ''}`);
    throw new Error(`${title}: failed`);
  }
}
const pnpm = (title, ...args) => run(title, 'npx', ['-y', 'pnpm@12.21.0', ...args]);

try {
  const uncommitted = execFileSync('git', ['status', '--porcelain'], { cwd: root, encoding: 'utf8' });
  if (uncommitted !== '') process.stderr.write('what is not committed is not looked at\n');
  mkdirSync(tarballs);
  run('clone', 'git', ['clone', '--quiet', root, clone], { cwd: work });
  pnpm('install', 'install', '--frozen-lockfile', '--prefer-offline');
  pnpm('versions and changelogs', 'exec', 'changeset', 'version');
  pnpm('format what was written', 'run', 'format');
  pnpm('lockfile of the new versions', 'install', '--offline', '--no-frozen-lockfile');
  pnpm('build, types, publint, attw, lint, knip', 'run', 'checks');
  pnpm(
    'pack',
    '--recursive',
    '--filter',
    './packages/*',
    '--filter',
    './apps/*',
    'pack',
    '--pack-destination',
    tarballs,
  );

  const rows = [];
  for (const file of readdirSync(tarballs).sort()) {
    const path = join(tarballs, file);
    const manifest = JSON.parse(run(`look at ${file}`, 'tar', ['-xzOf', path, 'package/package.json']));
    if (JSON.stringify(manifest).includes('workspace:')) throw new Error(`${file} names the workspace`);
    if (manifest.publishConfig?.access !== 'public') throw new Error(`${file} would not be public`);
    // Nothing is asked of a registry, and nothing is sent: what it would take is packed again and listed.
    const listed = JSON.parse(
      run(`npm publish --dry-run ${file}`, 'npm', ['pack', path, '--dry-run', '--json', '--ignore-scripts']),
    );
    rows.push([
      manifest.name,
      manifest.version,
      `${Math.ceil(statSync(path).size / 1024)} KiB`,
      `${listed[0].files.length} files`,
    ]);
  }
  const changelog = join(clone, 'apps', 'bridge', 'CHANGELOG.md');
  if (!existsSync(changelog)) throw new Error('there is no changelog: is there a changeset?');
  process.stdout.write(`${readFileSync(changelog, 'utf8').trim()}\n\n`);
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column].length)));
  for (const row of rows)
    process.stdout.write(
      `${row
        .map((cell, column) => cell.padEnd(widths[column]))
        .join('  ')
        .trimEnd()}\n`,
    );
  process.stdout.write('nothing was uploaded\n');
} finally {
  rmSync(work, { recursive: true, force: true });
}
