import { parseDuration } from '../options/duration.ts';

/** Where a value can come from; the first that has one wins. */
export type Source = 'flag' | 'environment' | 'project' | 'user';

/** The values of a configuration, under the names that files give them. */
export interface Values {
  readonly backend?: string | undefined;
  readonly program?: string | undefined;
  readonly programArgs?: readonly string[] | undefined;
  readonly permission?: string | undefined;
  readonly login?: string | undefined;
  readonly image?: string | undefined;
  readonly transport?: string | undefined;
  readonly network?: string | undefined;
  readonly user?: string | undefined;
  readonly timeout?: string | undefined;
  readonly color?: string | undefined;
  readonly home?: string | undefined;
  /** More backends, by the type that `--backend` names. */
  readonly backends?: Readonly<Record<string, string | ForeignBackend>> | undefined;
}

export interface ForeignBackend {
  /** A package, or a file from where the configuration is. */
  readonly package: string;
  /** What its specifications say besides what ccb does. */
  readonly spec?: Readonly<Record<string, unknown>> | undefined;
}

export type Key = keyof Values;

interface Rule {
  readonly variable?: string | undefined;
  /**
   * A project's file comes with what was cloned: it may say how a project is worked on, not what of this machine is run or
   * reached by it.
   */
  readonly project: boolean;
  /** Why a value cannot be one; undefined: it can. */
  problem(value: unknown): string | undefined;
}

const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? undefined : 'must be a text that is not empty';

const oneOf =
  (...choices: readonly string[]) =>
  (value: unknown): string | undefined =>
    typeof value === 'string' && choices.includes(value) ? undefined : `must be one of: ${choices.join(', ')}`;

function permission(value: unknown): string | undefined {
  return value === 'allow'
    ? 'cannot be "allow", which is only ever typed: --permission allow'
    : oneOf('ask', 'deny')(value);
}

function duration(value: unknown): string | undefined {
  try {
    parseDuration('it', typeof value === 'number' ? String(value) : String(value ?? ''));
    return undefined;
  } catch {
    return 'must be a duration such as 90, "90s" or "5m"';
  }
}

function texts(value: unknown): string | undefined {
  const fits = Array.isArray(value) && value.every((each) => typeof each === 'string');
  return fits ? undefined : 'must be a list of texts';
}

function packages(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return 'must be an object of packages by type';
  for (const [type, name] of Object.entries(value)) {
    if (!/^[a-z][a-z0-9-]*$/.test(type)) return `has the type "${type}", which must be small letters, digits and "-"`;
    if (text(name) !== undefined && !isForeignBackend(name))
      return `must name a package or a file for "${type}", or be {"package": NAME, "spec": {…}}`;
  }
  return undefined;
}

function isForeignBackend(value: unknown): value is ForeignBackend {
  if (typeof value !== 'object' || value === null) return false;
  const { package: name, spec = {} } = value as Partial<ForeignBackend>;
  return text(name) === undefined && typeof spec === 'object' && spec !== null;
}

/** All that can be configured. */
export const schema: { readonly [K in Key]-?: Rule } = {
  backend: { variable: 'CCB_BACKEND', project: true, problem: text },
  program: { variable: 'CCB_PROGRAM', project: true, problem: text },
  programArgs: { project: false, problem: texts },
  permission: { variable: 'CCB_PERMISSION', project: true, problem: permission },
  login: { variable: 'CCB_LOGIN', project: false, problem: oneOf('instance', 'person') },
  image: { variable: 'CCB_IMAGE', project: true, problem: text },
  transport: { variable: 'CCB_TRANSPORT', project: true, problem: oneOf('auto', 'fifo', 'exec') },
  network: { variable: 'CCB_NETWORK', project: false, problem: text },
  user: { variable: 'CCB_USER', project: false, problem: text },
  timeout: { variable: 'CCB_TIMEOUT', project: true, problem: duration },
  color: { variable: 'CCB_COLOR', project: true, problem: oneOf('auto', 'always', 'never') },
  home: { variable: 'CCB_HOME', project: false, problem: text },
  backends: { project: false, problem: packages },
};

export const keys: readonly Key[] = Object.keys(schema) as Key[];
