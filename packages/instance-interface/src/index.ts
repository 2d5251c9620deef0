export type {
  Backend,
  Check,
  CreateOptions,
  Discovered,
  InstanceSpec,
  LiveState,
  Login,
  OpenOptions,
  Pruned,
  PruneOptions,
  StallOptions,
} from './backend.ts';
export type { CallOptions } from './call.ts';
export type {
  CollectedResult,
  CollectOptions,
  CommandError,
  CommandOptions,
  CommandResult,
  CommandStatus,
  CommandStream,
  CompletedBy,
  ReadOptions,
  ResultBase,
  ResumeOptions,
  RunEnd,
  StopReason,
  Usage,
} from './command.ts';
export { InstanceError, type InstanceErrorCode, type InstanceErrorOptions } from './error.ts';
export type {
  CommandEvent,
  CommandUpdate,
  Cursor,
  HistoryEntry,
  StallCause,
  TextUpdate,
  ToolCall,
} from './event.ts';
export type { CleanupOptions, HistoryOptions, InstanceInfo, InstanceInterface, StopOptions } from './instance.ts';
export type { Log, LogEntry } from './log.ts';
export { assertInstanceName, namePattern } from './name.ts';
export type {
  PermissionAnswer,
  PermissionHandler,
  PermissionOptionKind,
  PermissionPolicy,
  PermissionRequest,
} from './permission.ts';
export { type ClaudeInstance, type InstanceRecord, parseRecord } from './record.ts';
export { createRegistry, type InstanceOf, type Registry, type SpecOf } from './registry.ts';
export type { Capabilities, InstanceState, StateChange } from './state.ts';
