import { loginEnvironment, variablePattern } from '@ccb/container-agent';
import type { ContainerPaths } from '../agent/paths.ts';

export interface EnvironmentScene {
  /** As the engine's inspection of the container says: `NAME=value`. */
  readonly container: readonly string[];
  readonly adopted: boolean;
  readonly program: string;
  readonly paths: Pick<ContainerPaths, 'home'>;
}

const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const KEPT = /^(PATH|LANG|LANGUAGE|LC_[A-Z]+|TZ)$/;

/**
 * The program's environment, but for the secrets, to be written into the agent's settings: what the image says of itself
 * (its PATH, its tools), with the instance's home. Of a container that somebody else made only paths and language are
 * taken: what else stands there may be a secret.
 */
export function settingsEnvironment({
  container,
  adopted,
  program,
  paths,
}: EnvironmentScene): Readonly<Record<string, string>> {
  const given = container
    .filter((line) => line.includes('='))
    .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const)
    .filter(([name]) => variablePattern.test(name) && (!adopted || KEPT.test(name)));
  return {
    PATH: DEFAULT_PATH,
    LANG: 'C.UTF-8',
    ...Object.fromEntries(given),
    HOME: paths.home,
    TMPDIR: '/tmp',
    TERM: 'dumb',
    ...loginEnvironment(program, 'instance', paths.home, {}),
  };
}
