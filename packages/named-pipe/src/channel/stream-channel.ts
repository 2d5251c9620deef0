import type { ChannelOptions } from './channel.ts';
import { PeerChannel } from './peer-channel.ts';
import { StreamCarrier, type StreamPair } from './stream-carrier.ts';

/**
 * The lines of a channel over any pair of byte streams: a program's stdio, a socket, a relay. Both ends must be channels.
 * It greets at once. When either stream ends, fails or closes it goes down for good, and messages() ends.
 */
export class StreamChannel<In = unknown, Out = unknown> extends PeerChannel<In, Out> {
  constructor(streams: StreamPair, options: ChannelOptions<In> = {}) {
    if (typeof streams?.readable?.on !== 'function') throw new TypeError('streams.readable must be a readable stream');
    if (typeof streams?.writable?.write !== 'function')
      throw new TypeError('streams.writable must be a writable stream');
    super(new StreamCarrier(streams), options);
    this.start();
  }
}
