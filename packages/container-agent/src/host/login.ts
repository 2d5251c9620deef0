import { join } from 'node:path';
import type { Login } from '@ccb/instance-interface';

/** The variables by which a program finds its login. `home`: the instance's own; `person`: the environment of whoever starts it. */
export function loginEnvironment(
  program: string,
  login: Login,
  home: string,
  person: NodeJS.ProcessEnv,
): Readonly<Record<string, string>> {
  if (program !== 'claude') return {};
  // What it keeps of a session in the temporary directory would outlive the instance.
  if (login === 'instance') return { CLAUDE_CONFIG_DIR: join(home, '.claude'), CLAUDE_CODE_TMPDIR: join(home, '.tmp') };
  const { CLAUDE_CONFIG_DIR: directory } = person;
  return directory === undefined ? {} : { CLAUDE_CONFIG_DIR: directory };
}
