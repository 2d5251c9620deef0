export type {
  Channel,
  ChannelLogEntry,
  ChannelOptions,
  DownReason,
  Peer,
  ReadOptions,
} from './channel.ts';
export type { PipeCallOptions } from './deadline.ts';
export { type LockHolder, NamedPipeError, type NamedPipeErrorCode, type NamedPipeErrorOptions } from './error.ts';
export { type ConnectOptions, type ListenOptions, NamedPipeChannel } from './named-pipe-channel.ts';
export type { OwnerOptions } from './ownership.ts';
export type { StreamPair } from './stream-carrier.ts';
export { StreamChannel } from './stream-channel.ts';
