import { resolve } from 'node:path';
import type { InstanceRecord } from '@ccb/instance-interface';
import { UsageError } from '../usage-error.ts';
import type { Flags } from './settings.ts';

/** An instance that exists keeps what it was made with: silence about an option that cannot act would mislead. @throws {UsageError} */
export function refuseOtherOrigin(flags: Flags, record: InstanceRecord): void {
  const workspace = flags.workspace === undefined ? undefined : resolve(flags.workspace);
  const options: readonly (readonly [string, unknown, string | undefined])[] = [
    ['--backend', flags.backend, record.type],
    ['--program', flags.program, record.program],
    ['--workspace', workspace, record.workspace],
    ['--program-arg', flags.programArg, undefined],
    ['--login', flags.login, loginOf(record)],
    ['--image', flags.image, undefined],
    ['--transport', flags.transport, undefined],
  ];
  for (const [option, given, origin] of options) {
    if (given === undefined || given === origin) continue;
    const made = origin === undefined ? 'was settled' : `was ${origin}`;
    throw new UsageError(
      `${option} ${made} when "${record.name}" was created. Leave it out, or leave out the name for a new instance.`,
    );
  }
}

/** Where the backend knows such a thing. */
function loginOf({ data }: InstanceRecord): string | undefined {
  if (typeof data !== 'object' || data === null || !('login' in data)) return undefined;
  return typeof data.login === 'string' ? data.login : undefined;
}
