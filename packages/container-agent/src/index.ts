export type { AgentSettings } from './agent/settings.ts';
export { parseStall } from './agent/stall-options.ts';
export { endStrays } from './agent/strays.ts';
export { agentFile } from './agent-file.ts';
export { driverNames } from './drivers/names.ts';
export { AgentClient, type Pong } from './host/agent-client.ts';
export { AgentInstance, type AgentInstanceOptions } from './host/agent-instance.ts';
export type { ClientEvents } from './host/client-listeners.ts';
export type { ConnectOptions } from './host/connection.ts';
export { killAgent, type LocalAgent } from './host/kill-agent.ts';
export { defaultHome, type InstanceLayout, instanceLayout } from './host/layout.ts';
export { loginEnvironment } from './host/login.ts';
export { openObserverChannel } from './host/observer-channel.ts';
export { writeSettings } from './host/settings-file.ts';
export type {
  AgentFrame,
  AgentHello,
  CommandFrame,
  HostFrame,
  JournalFrame,
  ProgramHealth,
} from './protocol/frames.ts';
export { protocolVersion } from './protocol/version.ts';
