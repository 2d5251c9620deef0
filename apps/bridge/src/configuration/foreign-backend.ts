import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Backend, InstanceError } from '@ccb/instance-interface';

/**
 * Loads somebody else's backend: a package, or a file, whose export `backend` is a function that takes `{ home }` and
 * returns a `Backend`. A package is looked for beside the file that names it, then beside ccb.
 * @throws {InstanceError} CCB_BACKEND_UNKNOWN saying what is wrong with it
 */
export async function loadForeignBackend(type: string, name: string, file: string, home: string): Promise<Backend> {
  const wrong = (what: string, cause?: unknown): InstanceError => {
    const message = `The backend "${type}" of ${file} cannot be used: ${what}`;
    return new InstanceError('CCB_BACKEND_UNKNOWN', message, { cause });
  };
  let loaded: { readonly backend?: unknown; readonly default?: unknown };
  try {
    loaded = (await import(locate(name, file))) as typeof loaded;
  } catch (cause) {
    throw wrong(`${cause instanceof Error ? cause.message : String(cause)}. Install it beside that file.`, cause);
  }
  const make = loaded.backend ?? loaded.default;
  if (typeof make !== 'function') throw wrong(`${name} has no export "backend" that is a function.`);
  const backend = (await make({ home })) as Partial<Backend> | undefined;
  const isBackend = ['parseSpec', 'create', 'open'].every(
    (method) => typeof backend?.[method as keyof Backend] === 'function',
  );
  if (!isBackend) throw wrong(`backend() of ${name} gives no Backend (type, parseSpec, create, open).`);
  if (backend?.type !== type) throw wrong(`${name} is the backend "${backend?.type}". Name it so in that file.`);
  return backend as Backend;
}

function locate(name: string, file: string): string {
  if (/^\.{0,2}\//.test(name)) return pathToFileURL(resolve(dirname(file), name)).href;
  for (const from of [file, import.meta.url]) {
    try {
      return pathToFileURL(createRequire(from).resolve(name)).href;
    } catch (error) {
      if (from !== file) throw error;
    }
  }
  return name;
}
