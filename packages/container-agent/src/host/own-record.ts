import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { InstanceError, type InstanceRecord, parseRecord } from '@ccb/instance-interface';
import { type InstanceLayout, instanceLayout } from './layout.ts';

/** Writes `instance.json`, atomically, readable by its owner alone. */
export function writeRecord(layout: InstanceLayout, record: InstanceRecord): void {
  const next = `${layout.record}.new`;
  writeFileSync(next, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });
  renameSync(next, layout.record);
}

/**
 * The record that lies in an instance's own directory, as `parse` reads it. Undefined: there is none, or it is of another type.
 * @throws {InstanceError} CCB_RECORD_INVALID, also when the directory was copied or moved
 */
export function readOwnRecord<R extends InstanceRecord<string, { readonly directory: string }>>(
  directory: string,
  type: R['type'],
  parse: (record: InstanceRecord) => R,
): R | undefined {
  let text: string;
  try {
    text = readFileSync(instanceLayout(directory, '').record, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const envelope = parseRecord(JSON.parse(text));
  if (envelope.type !== type) return undefined;
  const record = parse(envelope);
  if (record.data.directory === directory) return record;
  const message = `its record says that it lies in ${record.data.directory}; it was copied or moved`;
  throw new InstanceError('CCB_RECORD_INVALID', message, { instance: record.name });
}

/** The directories below `<home>/instances`, of every type. */
export function instanceDirectories(home: string): readonly string[] {
  const instances = join(home, 'instances');
  try {
    return readdirSync(instances, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(instances, entry.name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
