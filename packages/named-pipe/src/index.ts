export type {
  Channel,
  ChannelLogEntry,
  ChannelOptions,
  DownReason,
  Peer,
  ReadOptions,
} from './channel/channel.ts';
export { type ConnectOptions, type ListenOptions, NamedPipeChannel } from './channel/named-pipe-channel.ts';
export type { StreamPair } from './channel/stream-carrier.ts';
export { StreamChannel } from './channel/stream-channel.ts';
export type { PipeCallOptions } from './deadline.ts';
export { type LockHolder, NamedPipeError, type NamedPipeErrorCode, type NamedPipeErrorOptions } from './error.ts';
export type { OwnerOptions } from './fifo/ownership.ts';
