import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { UsageError } from '../usage-error.ts';
import { type Key, keys, schema, type Values } from './schema.ts';

export interface ConfigurationFile {
  readonly path: string;
  readonly values: Values;
}

/** `$XDG_CONFIG_HOME/ccb/config.json`, else `~/.config/ccb/config.json`. */
export function userFile(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const { XDG_CONFIG_HOME: config, HOME: home } = env;
  if (config?.startsWith('/')) return join(config, 'ccb', 'config.json');
  return home ? join(home, '.config', 'ccb', 'config.json') : undefined;
}

/** The nearest `ccb.json`, here or above. */
export function readProjectFile(directory: string): ConfigurationFile | undefined {
  for (let here = directory; ; here = dirname(here)) {
    const file = readConfigurationFile(join(here, 'ccb.json'), true);
    if (file !== undefined || here === dirname(here)) return file;
  }
}

/** undefined: there is none. @throws {UsageError} naming the file and what is wrong in it */
export function readConfigurationFile(path: string, project: boolean): ConfigurationFile | undefined {
  let content: string;
  try {
    content = readFileSync(path, 'utf8');
  } catch (cause) {
    if (['ENOENT', 'ENOTDIR'].includes((cause as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw new UsageError(`${path} cannot be read: ${(cause as Error).message}. Mend it, or remove it.`, { cause });
  }
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (cause) {
    throw new UsageError(`${path} is not JSON: ${(cause as Error).message}. Mend it, or remove it.`, { cause });
  }
  return { path, values: checked(path, value, project) };
}

function checked(path: string, value: unknown, project: boolean): Values {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new UsageError(`${path} must be an object such as {"backend": "docker"}.`);
  for (const [key, each] of Object.entries(value)) {
    const rule = schema[key as Key];
    if (rule === undefined) throw new UsageError(`${path}: "${key}" is no setting. Known are: ${keys.join(', ')}.`);
    if (project && !rule.project)
      throw new UsageError(`${path}: "${key}" cannot be set by a project's file. Set it in your own, or as an option.`);
    const problem = rule.problem(each);
    if (problem !== undefined) throw new UsageError(`${path}: "${key}" ${problem}.`);
  }
  const { timeout } = value as { readonly timeout?: unknown };
  return typeof timeout === 'number' ? { ...value, timeout: String(timeout) } : value;
}
