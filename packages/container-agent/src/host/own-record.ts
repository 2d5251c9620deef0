import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { InstanceError, type InstanceRecord, namePattern, parseRecord } from '@ccb/instance-interface';
import { type InstanceLayout, instanceLayout } from './layout.ts';

/** Writes `instance.json`, atomically, readable by its owner alone. */
export function writeRecord(layout: InstanceLayout, record: InstanceRecord): void {
  const next = `${layout.record}.new`;
  writeFileSync(next, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });
  renameSync(next, layout.record);
}

/**
 * The record that lies in an instance's own directory, of whatever type; undefined: there is none. Of a directory that was
 * moved the record says where it was; it is told as what it is now.
 * @throws {InstanceError} CCB_RECORD_INVALID, also when the directory was copied
 */
export function readRecord(directory: string): InstanceRecord | undefined {
  const record = recordIn(directory);
  if (record === undefined) return undefined;
  const was = placeOf(record);
  const name = basename(directory);
  if (was === directory || (was === undefined && record.name === name)) return record;
  if (was === undefined || isSame(recordIn(was), record)) {
    const message = `${join(directory, 'instance.json')} is that of ${record.name}${was === undefined ? '' : ` in ${was}`}, and was copied. Nothing was touched; remove by hand what is yours.`;
    throw new InstanceError('CCB_RECORD_INVALID', message, { instance: name });
  }
  return { ...record, name, data: { ...(record.data as object), directory } };
}

/** After a directory was moved its record says so from now on. For whoever holds the instance. */
export function settleRecord(record: InstanceRecord): void {
  const directory = placeOf(record);
  if (directory === undefined) return;
  const written = recordIn(directory);
  if (isSame(written, record) && written !== undefined && placeOf(written) !== directory)
    writeRecord(instanceLayout(directory, record.name), record);
}

/** The same, as `parse` reads it; undefined also when it is of another type. @throws {InstanceError} CCB_RECORD_INVALID */
export function readOwnRecord<R extends InstanceRecord>(
  directory: string,
  type: R['type'],
  parse: (record: InstanceRecord) => R,
): R | undefined {
  const record = readRecord(directory);
  return record?.type === type ? parse(record) : undefined;
}

/** Where a record says that it lies; undefined: it does not say. */
function placeOf({ data }: InstanceRecord): string | undefined {
  const { directory } = (data ?? {}) as { readonly directory?: unknown };
  return typeof directory === 'string' ? directory : undefined;
}

function recordIn(directory: string): InstanceRecord | undefined {
  let text: string;
  try {
    text = readFileSync(instanceLayout(directory, '').record, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
  try {
    return parseRecord(JSON.parse(text));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `${join(directory, 'instance.json')} cannot be read: ${reason}. Nothing was touched.`;
    throw new InstanceError('CCB_RECORD_INVALID', message, { cause, instance: basename(directory) });
  }
}

function isSame(one: InstanceRecord | undefined, other: InstanceRecord): boolean {
  return one !== undefined && idOf(one) === idOf(other);
}

function idOf({ data }: InstanceRecord): unknown {
  return (data as { readonly instanceId?: unknown } | null)?.instanceId;
}

/** The directories below `<home>/instances`, of every type. */
export function instanceDirectories(home: string): readonly string[] {
  const instances = join(home, 'instances');
  try {
    return readdirSync(instances, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && namePattern.test(entry.name))
      .map((entry) => join(instances, entry.name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
