export type { AgentSettings } from './agent/settings.ts';
export { parseStall } from './agent/stall-options.ts';
export { endStrays } from './agent/strays.ts';
export { agentFile, agentFileFor } from './agent-file.ts';
export {
  locateClaude,
  type ToolQuestion,
  toolCallOf,
  toolOutputOf,
  toolPermission,
  toolVerdict,
} from './drivers/claude/terms.ts';
export { driverNames } from './drivers/names.ts';
export { type DecodedPiece, Utf8Decoder } from './drivers/utf8-decoder.ts';
export { AgentClient, type Pong } from './host/agent-client.ts';
export { type AgentData, assertNamed, invalidData, parseAgentData, variablePattern } from './host/agent-data.ts';
export { AgentInstance, type AgentInstanceOptions, type DirectProgram } from './host/agent-instance.ts';
export { type AgentSpecOptions, parseAgentSpec } from './host/agent-spec.ts';
export { agentChannelLimits } from './host/channel-limits.ts';
export type { ClientEvents } from './host/client-listeners.ts';
export type { ConnectOptions } from './host/connection.ts';
export { translated } from './host/foreign-error.ts';
export { Hold, type HoldOptions } from './host/hold.ts';
export {
  assertFree,
  assertOwn,
  type ClaimOptions,
  claimDirectory,
  discard,
  furnish,
  makeDirectories,
  makePipes,
  type OwnedRecord,
  placeAgent,
  removeDirectory,
} from './host/instance-directory.ts';
export { isHeldStill, killAgent, type LocalAgent } from './host/kill-agent.ts';
export { defaultHome, type InstanceLayout, instanceLayout } from './host/layout.ts';
export { leftovers, removeLeftover } from './host/leftovers.ts';
export { loginEnvironment } from './host/login.ts';
export { type MoveOptions, moveDirectory } from './host/move-directory.ts';
export { openObserverChannel } from './host/observer-channel.ts';
export { instanceDirectories, readOwnRecord, readRecord, settleRecord, writeRecord } from './host/own-record.ts';
export { RenewableChannel } from './host/renewable-channel.ts';
export { writeSettings } from './host/settings-file.ts';
export { readTail, type Tail, type TailOptions } from './host/tail.ts';
export { visible } from './host/visible.ts';
export type {
  AgentFrame,
  AgentHello,
  CommandFrame,
  HostFrame,
  JournalFrame,
  ProgramHealth,
} from './protocol/frames.ts';
export { protocolVersion } from './protocol/version.ts';
