import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import type { Check } from '@ccb/instance-interface';

/** What the process backend needs of the machine. */
export function checkProcesses(home: string, env: NodeJS.ProcessEnv = process.env): readonly Check[] {
  return [
    {
      name: 'linux',
      ...(process.platform === 'linux'
        ? ok('Linux')
        : problem(
            `${process.platform} is not supported: /proc and FIFO semantics of Linux are needed`,
            'Run it on Linux, or in a Linux VM.',
          )),
    },
    tool('flock', 'apt-get install util-linux', env),
    tool('mkfifo', 'apt-get install coreutils', env),
    tool('bash', 'apt-get install bash', env),
    { name: 'home', ...writable(home) },
  ];
}

type Verdict = Omit<Check, 'name'>;

function ok(message: string): Verdict {
  return { status: 'ok', message };
}

function problem(message: string, fix: string): Verdict {
  return { status: 'problem', message, fix };
}

function tool(name: string, fix: string, env: NodeJS.ProcessEnv): Check {
  const found = (env.PATH ?? '')
    .split(delimiter)
    .some((directory) => directory !== '' && existsSync(join(directory, name)));
  return { name, ...(found ? ok(`${name} found`) : problem(`${name} is not on PATH`, fix)) };
}

function writable(home: string): Verdict {
  let existing = home;
  while (!existsSync(existing)) existing = dirname(existing);
  try {
    accessSync(existing, constants.W_OK | constants.X_OK);
    return ok(`${home} can be written`);
  } catch {
    return problem(
      `${existing} cannot be written`,
      `Set CCB_HOME to a directory of yours, or: chmod u+rwx ${existing}`,
    );
  }
}
