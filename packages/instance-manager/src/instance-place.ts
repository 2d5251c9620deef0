import { basename, join } from 'node:path';
import { type InstanceLayout, instanceDirectories, instanceLayout, readRecord } from '@ccb/container-agent';
import { assertInstanceName, InstanceError, type InstanceRecord } from '@ccb/instance-interface';

/** Where the instance of this name is, if there is one. @throws {TypeError} for what can be no name */
export function placeOf(home: string, name: string): InstanceLayout {
  assertInstanceName(name);
  return instanceLayout(join(home, 'instances', name), name);
}

/** @throws {InstanceError} CCB_NOT_FOUND, CCB_RECORD_INVALID */
export function recordOf(home: string, name: string): InstanceRecord {
  const { directory } = placeOf(home, name);
  const record = readRecord(directory);
  if (record !== undefined) return record;
  throw new InstanceError('CCB_NOT_FOUND', `There is no instance "${name}" in ${home}.`, { instance: name });
}

interface KeptRecord {
  readonly name: string;
  readonly record: InstanceRecord | Error;
}

/** All of them, sorted by name; what cannot be read is an error in its place. */
export function allRecords(home: string): readonly KeptRecord[] {
  const kept: KeptRecord[] = [];
  for (const directory of [...instanceDirectories(home)].sort()) {
    const name = basename(directory);
    try {
      const record = readRecord(directory);
      if (record !== undefined) kept.push({ name, record });
    } catch (error) {
      kept.push({ name, record: error instanceof Error ? error : new Error(String(error)) });
    }
  }
  return kept;
}

/** A backend that keeps a directory for its instances makes it, and the hold, by itself. */
export function hasOwnDirectory(home: string, { name, data }: InstanceRecord): boolean {
  const { directory } = (data ?? {}) as { readonly directory?: unknown };
  return directory === placeOf(home, name).directory;
}

/** Gone with its holder, and of no interest to others. */
export function isEphemeral({ data }: InstanceRecord): boolean {
  return (data as { readonly ephemeral?: unknown } | null)?.ephemeral === true;
}
