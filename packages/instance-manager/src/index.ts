export type { LogReadOptions } from './agent-log.ts';
export type { BackendSource } from './backend-sources.ts';
export {
  InstanceManager,
  type ManagedOpenOptions,
  type ManagerOptions,
  type RemoveOptions,
} from './instance-manager.ts';
export type { ListedInstance } from './listing.ts';
