import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import type { HostProgram } from './host-programs.ts';
import { type SharedLibrary, sharedLibraries } from './shared-libraries.ts';
import type { TarEntry, TarSource } from './tar.ts';

/** What git copies into a new repository; it complains without. */
const GIT_TEMPLATES = '/usr/share/git-core/templates';
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';
/** The libraries that the C library opens by itself, to look up users and hosts; in newer ones they are part of it. */
const NAME_SERVICES: readonly string[] = ['libnss_files.so.2', 'libnss_dns.so.2', 'libresolv.so.2'];
const NODE_UID = 1000;

const DIRECTORIES: readonly (readonly [path: string, mode: number, uid: number])[] = [
  ['root', 0o700, 0],
  ['tmp', 0o1777, 0],
  ['var/tmp', 0o1777, 0],
  ['home/node', 0o755, NODE_UID],
  ['workspace', 0o755, NODE_UID],
  ...['ccb', 'dev', 'proc', 'run', 'sys'].map((path) => [path, 0o755, 0] as const),
];

const FILES: Readonly<Record<string, string>> = {
  'etc/passwd': `root:x:0:0:root:/root:/bin/bash\nnode:x:${NODE_UID}:${NODE_UID}:node:/home/node:/bin/bash\n`,
  'etc/group': `root:x:0:\nnode:x:${NODE_UID}:\n`,
  'etc/nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files dns\n',
};

/** The root file system of an image that runs these programs of this machine as root or as `node` (uid 1000). */
export async function hostRoot(
  programs: readonly HostProgram[],
  signal?: AbortSignal,
): Promise<readonly (TarEntry | TarSource)[]> {
  const libraries = await sharedLibraries([...new Set(programs.filter(isElf).map(({ file }) => file))], signal);
  const root = new Root();
  for (const { path, file } of programs) root.take(path, file, 0o755);
  for (const library of libraries) {
    root.take(library.path, await realpath(library.file), 0o755);
    const beside = besideNode(library);
    if (beside !== undefined) root.take(beside, await realpath(library.file), 0o755);
  }
  for (const path of await otherFiles(libraries)) root.take(path, await realpath(path), 0o644);
  return root.entries();
}

function isElf(program: HostProgram): boolean {
  return program.isElf;
}

/** A Node that brings libraries of its own finds them relative to itself, in ../lib. */
function besideNode({ path }: SharedLibrary): string | undefined {
  return /^\/(usr\/)?lib/.test(path) ? undefined : join('/usr/local/lib', basename(path));
}

async function otherFiles(libraries: readonly SharedLibrary[]): Promise<readonly string[]> {
  const libc = libraries.find(({ path }) => basename(path) === 'libc.so.6');
  const services = libc === undefined ? [] : NAME_SERVICES.map((name) => join(dirname(libc.path), name));
  const templates = await readdir(GIT_TEMPLATES, { recursive: true, withFileTypes: true }).catch(() => []);
  const wanted = [
    CERTIFICATES,
    ...services,
    ...templates.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name)),
  ];
  const existing = await Promise.all(
    wanted.map((path) =>
      stat(path).then(
        () => path,
        () => undefined,
      ),
    ),
  );
  return existing.filter((path) => path !== undefined);
}

class Root {
  readonly #directories = new Map<string, TarEntry>([
    ['usr', { path: 'usr', mode: 0o755, directory: true }],
    ['usr/bin', { path: 'usr/bin', mode: 0o755, directory: true }],
    ['bin', { path: 'bin', mode: 0o777, symlink: 'usr/bin' }],
  ]);
  readonly #files = new Map<string, TarEntry | TarSource>();
  readonly #pathOf = new Map<string, string>();

  constructor() {
    for (const [path, mode, uid] of DIRECTORIES) {
      this.#makeParents(path);
      this.#directories.set(path, { path, mode, uid, gid: uid, directory: true });
    }
    for (const [path, text] of Object.entries(FILES)) {
      this.#makeParents(path);
      this.#files.set(path, { path, mode: 0o644, content: Buffer.from(text) });
    }
  }

  /** One file under several names is there once: some machines have all of coreutils in one. */
  take(target: string, source: string, mode: number): void {
    const path = relative(sep, target);
    if (this.#files.has(path)) return;
    this.#makeParents(path);
    const first = this.#pathOf.get(source);
    if (first === undefined) this.#pathOf.set(source, path);
    this.#files.set(path, first === undefined ? { path, mode, source } : { path, mode, hardLink: first });
  }

  entries(): readonly (TarEntry | TarSource)[] {
    return [...this.#directories.values(), ...this.#files.values()];
  }

  #makeParents(path: string): void {
    const parent = dirname(path);
    if (parent === '.' || this.#directories.has(parent)) return;
    this.#makeParents(parent);
    this.#directories.set(parent, { path: parent, mode: 0o755, directory: true });
  }
}
