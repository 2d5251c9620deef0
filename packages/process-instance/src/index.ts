export { defaultHome, driverNames as programNames } from '@ccb/container-agent';
export { type ProcessBackend, type ProcessBackendOptions, processBackend } from './backend.ts';
export type { ProcessData } from './process-data.ts';
export { ProcessInstance, type ProcessOptions } from './process-instance.ts';
export type { ProcessSpec } from './process-spec.ts';
