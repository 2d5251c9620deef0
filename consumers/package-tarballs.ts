import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

export interface PublishedPackage {
  readonly name: string;
  /** Where it is in this repository. */
  readonly directory: string;
  readonly manifest: Readonly<Record<string, unknown>>;
}

/** What is published: all packages, and the bridge. */
export function publishedPackages(): readonly PublishedPackage[] {
  return ['packages', 'apps']
    .flatMap((folder) => readdirSync(join(root, folder)).map((name) => join(root, folder, name)))
    .map((directory) => {
      const manifest = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as Record<string, unknown>;
      return { name: String(manifest.name), directory, manifest };
    })
    .filter(({ manifest }) => manifest.private !== true);
}

/** Packs them as they would be published. Returns the tarballs by package. */
export function packAll(into: string): ReadonlyMap<string, string> {
  const flags = ['-y', 'pnpm@12.21.0', '--recursive', '--filter', './packages/*', '--filter', './apps/*'];
  execFileSync('npx', [...flags, 'pack', '--pack-destination', into], { cwd: root, stdio: 'pipe', timeout: 120_000 });
  const files = readdirSync(into);
  return new Map(
    publishedPackages().map(({ name, manifest }) => {
      const file = `${name.replace('@', '').replace('/', '-')}-${String(manifest.version)}.tgz`;
      if (!files.includes(file))
        throw new Error(`${name} was not packed: there is no ${file} among ${files.join(', ')}`);
      return [name, join(into, file)];
    }),
  );
}

/** The files of a tarball, without its first folder. */
export function filesOf(tarball: string): readonly string[] {
  const listed = execFileSync('tar', ['-tzf', tarball], { encoding: 'utf8' });
  return listed
    .trim()
    .split('\n')
    .map((line) => line.replace(/^package\//, ''))
    .sort();
}

export function fileOf(tarball: string, path: string): string {
  return execFileSync('tar', ['-xzOf', tarball, `package/${path}`], { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
}
