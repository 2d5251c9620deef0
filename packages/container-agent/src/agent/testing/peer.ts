import { PassThrough } from 'node:stream';
import { StreamChannel } from '@ccb/named-pipe';
import type { AgentFrame, HostFrame } from '../../protocol/frames.ts';
import { parseHostFrame } from '../../protocol/host-frame.ts';
import { Conversation } from './conversation.ts';

/** A host at the other end of a real channel within this process. */
export class Peer extends Conversation {
  readonly near: StreamChannel<HostFrame, AgentFrame>;

  private constructor() {
    const there = new PassThrough();
    const back = new PassThrough();
    super(new StreamChannel({ readable: back, writable: there }));
    this.near = new StreamChannel({ readable: there, writable: back }, { parse: parseHostFrame });
  }

  static async connect(): Promise<Peer> {
    const peer = new Peer();
    await Promise.all([peer.near.whenUp(), peer.far.whenUp()]);
    return peer;
  }

  async close(): Promise<void> {
    await Promise.all([this.far.close({ timeoutMs: 100 }), this.near.close({ timeoutMs: 100 })]);
  }
}
