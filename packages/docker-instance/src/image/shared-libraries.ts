import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { InstanceError } from '@ccb/instance-interface';

const LDD_MS = 30_000;
const LDD_BYTES = 16 * 1024 * 1024;

/** Where a program looks for it, and where it is on this machine. */
export interface SharedLibrary {
  readonly path: string;
  readonly file: string;
}

/**
 * What the dynamic linker loads for these programs, each path once. A static program has none.
 * @throws {InstanceError} CCB_PROGRAM_NOT_FOUND without ldd, or when a program lacks a library here already
 */
export async function sharedLibraries(
  programs: readonly string[],
  signal?: AbortSignal,
): Promise<readonly SharedLibrary[]> {
  const { libraries, missing } = parseLdd(await ldd(programs, signal));
  if (missing.length === 0) return libraries;
  throw new InstanceError(
    'CCB_PROGRAM_NOT_FOUND',
    `Programs of this machine lack libraries here already: ${missing.join(', ')}. Repair them, or build the image with the registry.`,
  );
}

/** Reads what ldd prints for one program, or for many. */
export function parseLdd(output: string): {
  readonly libraries: readonly SharedLibrary[];
  readonly missing: readonly string[];
} {
  const libraries = new Map<string, SharedLibrary>();
  const missing = new Set<string>();
  for (const line of output.split('\n')) {
    const lost = /^\s+(\S+) => not found/.exec(line)?.[1];
    if (lost !== undefined) missing.add(lost);
    const found = /^\s+(?:(\S+) => )?(\/.+) \(0x[0-9a-f]+\)$/.exec(line);
    const [name, file] = [found?.[1], found?.[2]];
    if (file === undefined) continue;
    libraries.set(file, { path: file, file });
    // A linker that is named by one path and found at another is loaded by the first.
    if (name?.startsWith('/')) libraries.set(name, { path: name, file });
  }
  return { libraries: [...libraries.values()], missing: [...missing] };
}

async function ldd(programs: readonly string[], signal: AbortSignal | undefined): Promise<string> {
  const env = { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C' };
  const options = { env, timeout: LDD_MS, maxBuffer: LDD_BYTES, signal };
  try {
    return (await promisify(execFile)('ldd', [...programs], options)).stdout;
  } catch (cause) {
    signal?.throwIfAborted();
    const { code, stdout } = cause as { readonly code?: unknown; readonly stdout?: string };
    // Its status is 1 when one of them is static.
    if (code === 1 && stdout !== undefined) return stdout;
    const message =
      code === 'ENOENT'
        ? 'ldd is not on PATH: without it nobody knows which libraries a program needs. Install it (apt-get install libc-bin), or build the image with the registry.'
        : `ldd does not say which libraries a program needs: ${cause instanceof Error ? cause.message : String(cause)}`;
    throw new InstanceError('CCB_PROGRAM_NOT_FOUND', message, { cause });
  }
}
