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
    ['--login', flags.login, settled(record, 'login')],
    ['--image', flags.image, settled(record, 'imageName')],
    ['--transport', flags.transport, settled(record, 'transport')],
    ['--network', flags.network, settled(record, 'network')],
    ['--user', flags.user, settled(record, 'user')],
  ];
  for (const [option, given, origin] of options) {
    if (given === undefined || given === origin) continue;
    const made = origin === undefined ? 'was settled' : `was ${origin}`;
    throw new UsageError(
      `${option} ${made} when "${record.name}" was created. Leave it out, or leave out the name for a new instance.`,
    );
  }
}

/** What a record's backend says of it; undefined where it knows no such thing. */
export function settled({ data }: InstanceRecord, field: string): string | undefined {
  const value: unknown =
    typeof data === 'object' && data !== null ? Object.entries(data).find(([key]) => key === field)?.[1] : undefined;
  return typeof value === 'string' ? value : undefined;
}
