import { InstanceError } from './error.ts';
import { namePattern } from './name.ts';

/**
 * What to persist of an instance: an envelope. The contract knows no backend's fields; `data` is validated by the backend
 * of that `type`, and kept verbatim where that backend is not installed. It never holds a secret's value.
 */
export interface InstanceRecord<T extends string = string, D = unknown> {
  readonly version: 1;
  readonly name: string;
  readonly type: T;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly program: string;
  readonly workspace?: string | undefined;
  readonly data: D;
}

/** Another word for {@link InstanceRecord}. */
export type ClaudeInstance<T extends string = string, D = unknown> = InstanceRecord<T, D>;

type Fields = Readonly<Record<string, unknown>>;

/** `migrations[n]` makes version n + 1 out of version n. */
const migrations: readonly ((record: Fields) => Fields)[] = [(record) => ({ ...record, version: 1 })];
const currentVersion = migrations.length;

/**
 * Reads a record that was persisted, by this or an older version. Fields that it does not know survive.
 * @throws {InstanceError} CCB_RECORD_INVALID with the path of the field, or because the record comes from a newer ccb
 */
export function parseRecord(value: unknown): InstanceRecord {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid('record', 'must be an object', value);
  }
  let record = value as Fields;
  const { version = 0 } = record;
  if (typeof version !== 'number' || !Number.isInteger(version) || version < 0) {
    throw invalid('record.version', 'must be a whole number', version);
  }
  if (version > currentVersion) {
    throw new InstanceError(
      'CCB_RECORD_INVALID',
      `record.version is ${version} and this ccb reads up to ${currentVersion}: a newer ccb wrote it. Upgrade ccb.`,
    );
  }
  for (const migrate of migrations.slice(version)) record = migrate(record);
  checkEnvelope(record);
  return record as Fields & InstanceRecord;
}

function checkEnvelope(record: Fields): void {
  const { name, type, createdAt, program, workspace } = record;
  if (typeof name !== 'string' || !namePattern.test(name)) {
    throw invalid('record.name', `must match ${namePattern.source}`, name);
  }
  if (typeof type !== 'string' || type === '') throw invalid('record.type', 'must be a non-empty string', type);
  if (typeof createdAt !== 'string' || Number.isNaN(Date.parse(createdAt))) {
    throw invalid('record.createdAt', 'must be an ISO 8601 date', createdAt);
  }
  if (typeof program !== 'string' || program === '') {
    throw invalid('record.program', 'must be a non-empty string', program);
  }
  if (workspace !== undefined && (typeof workspace !== 'string' || workspace === '')) {
    throw invalid('record.workspace', 'must be a non-empty string when present', workspace);
  }
  if (!('data' in record)) throw invalid('record.data', 'must be present', undefined);
}

function invalid(path: string, rule: string, value: unknown): InstanceError {
  const got = typeof value === 'string' ? JSON.stringify(value.slice(0, 80)) : value === null ? 'null' : typeof value;
  return new InstanceError('CCB_RECORD_INVALID', `${path} ${rule}, but it is ${got}.`);
}
