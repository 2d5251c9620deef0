import type { Flags } from '../options/settings.ts';
import { UsageError } from '../usage-error.ts';
import { type ConfigurationFile, readConfigurationFile, readProjectFile, userFile } from './configuration-file.ts';
import { type ForeignBackend, type Key, keys, type Source, schema, type Values } from './schema.ts';

/** A value, and where it comes from. */
interface Setting {
  readonly key: Key;
  readonly value: unknown;
  readonly source: Source;
  /** The option, the variable or the file. */
  readonly origin: string;
}

/** More backends than ccb's own, by type. */
export interface ForeignBackends {
  readonly byType: Readonly<Record<string, ForeignBackend>>;
  /** Which names them. */
  readonly file: string;
}

export interface Configuration {
  /** What has a value, in the order of the schema. */
  readonly settings: readonly Setting[];
  readonly values: Values;
  readonly backends: ForeignBackends;
}

export interface Place {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly directory: string;
}

/** What was typed wins over the environment, that over the project's file, that over the user's. @throws {UsageError} */
export function readConfiguration(flags: Flags, { env, directory }: Place): Configuration {
  const project = readProjectFile(directory);
  const path = userFile(env);
  const user = path === undefined ? undefined : readConfigurationFile(path, false);
  refuseRelease(project, user, flags, env);
  const settings = keys.flatMap((key) => settingOf(key, flags, env, project, user) ?? []);
  return {
    settings,
    values: Object.fromEntries(settings.map(({ key, value }) => [key, value])),
    backends: foreignBackends(user),
  };
}

function foreignBackends(user: ConfigurationFile | undefined): ForeignBackends {
  const named = Object.entries(user?.values.backends ?? {});
  const byType = named.map(([type, each]) => [type, typeof each === 'string' ? { package: each } : each] as const);
  return { byType: Object.fromEntries(byType), file: user?.path ?? '' };
}

function settingOf(
  key: Key,
  flags: Flags,
  env: Place['env'],
  project: ConfigurationFile | undefined,
  user: ConfigurationFile | undefined,
): Setting | undefined {
  const typed = typedValue(key, flags);
  if (typed !== undefined) return { key, value: typed, source: 'flag', origin: optionOf(key) };
  const { variable, problem } = schema[key];
  const inherited = variable === undefined ? undefined : env[variable];
  if (variable !== undefined && inherited) {
    const wrong = problem(inherited);
    if (wrong !== undefined) throw new UsageError(`$${variable} ${wrong}.`);
    return { key, value: inherited, source: 'environment', origin: `$${variable}` };
  }
  for (const [source, file] of [
    ['project', project],
    ['user', user],
  ] as const) {
    const value = file?.values[key];
    if (file !== undefined && value !== undefined) return { key, value, source, origin: file.path };
  }
  return undefined;
}

function typedValue(key: Key, flags: Flags): unknown {
  if (key === 'backends') return undefined;
  return key === 'programArgs' ? flags.programArg : flags[key];
}

function optionOf(key: Key): string {
  return key === 'programArgs' ? '--program-arg' : `--${key}`;
}

/** What a project's file says came with the project: it may put an agent into a container, not take it out of one. */
function refuseRelease(
  project: ConfigurationFile | undefined,
  user: ConfigurationFile | undefined,
  { backend }: Flags,
  env: Place['env'],
): void {
  if (backend !== undefined || env[schema.backend.variable ?? '']) return;
  if (user?.values.backend !== 'docker') return;
  const wanted = project?.values.backend;
  if (project === undefined || wanted === undefined || wanted === 'docker') return;
  throw new UsageError(
    `${project.path} wants the backend ${wanted}, and ${user.path} contains agents in docker. Say --backend ${wanted} if you mean it, or --backend docker.`,
  );
}

/** The options of a verb, with the configuration where nothing was typed. What means nothing to the backend is left out. */
export function configured(flags: Flags, { values, settings }: Configuration): Flags {
  const backend = values.backend ?? 'process';
  const meant = (key: Key): boolean => {
    if (settings.find((setting) => setting.key === key)?.source === 'flag') return true;
    if (['image', 'transport', 'network', 'user'].includes(key)) return backend === 'docker';
    if (key === 'login') return backend !== 'docker' && values.program === 'claude';
    return true;
  };
  const chosen = Object.fromEntries(
    Object.entries(values).filter(([key]) => key !== 'backends' && key !== 'programArgs' && meant(key as Key)),
  ) as Partial<Flags>;
  return { ...flags, ...chosen, ...(values.programArgs !== undefined && { programArg: values.programArgs }) };
}
