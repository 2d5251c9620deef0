import { type AgentData, parseAgentData } from '@ccb/container-agent';
import type { InstanceRecord } from '@ccb/instance-interface';

/** What a record of type `process` holds in `data`. */
export interface ProcessData extends AgentData {}

export type ProcessRecord = InstanceRecord<'process', ProcessData>;

/** @throws {InstanceError} CCB_RECORD_INVALID naming the field */
export function processData(record: InstanceRecord): ProcessData {
  return parseAgentData(record, 'process');
}

/** @throws {InstanceError} CCB_RECORD_INVALID naming the field */
export function asProcessRecord(record: InstanceRecord): ProcessRecord {
  return { ...record, type: 'process', data: processData(record) };
}
