import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InstanceError, type InstanceRecord, parseRecord } from '@ccb/instance-interface';

/**
 * The record of an instance that was kept, of whatever backend; undefined: there is none of that name.
 * @throws {InstanceError} CCB_RECORD_INVALID when its file is broken, or was copied or moved from another instance
 */
export function keptRecord(home: string, name: string): InstanceRecord | undefined {
  const directory = join(home, 'instances', name);
  const file = join(directory, 'instance.json');
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const record = parsed(file, text);
  if (record.name === name && directoryOf(record) === directory) return record;
  throw invalid(file, `belongs to ${record.name} in ${directoryOf(record)}; it was copied or moved`);
}

function parsed(file: string, text: string): InstanceRecord {
  try {
    return parseRecord(JSON.parse(text));
  } catch (cause) {
    throw invalid(file, `cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
}

function invalid(file: string, what: string, cause?: unknown): InstanceError {
  return new InstanceError('CCB_RECORD_INVALID', `${file} ${what}. Nothing was touched.`, { cause });
}

function directoryOf({ data }: InstanceRecord): unknown {
  return typeof data === 'object' && data !== null && 'directory' in data ? data.directory : undefined;
}
