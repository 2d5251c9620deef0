import { PassThrough } from 'node:stream';
import { StreamChannel } from '@ccb/named-pipe';
import { encodeControl } from '../../protocol/encode.ts';
import type { AgentFrame, HostFrame } from '../../protocol/frames.ts';
import { parseHostFrame } from '../../protocol/host-frame.ts';

/** A host at the other end of a real channel. */
export class Peer {
  readonly near: StreamChannel<HostFrame, AgentFrame>;
  readonly far: StreamChannel<AgentFrame, HostFrame>;
  readonly got: AgentFrame[] = [];
  #watch: () => void = () => {};

  private constructor() {
    const there = new PassThrough();
    const back = new PassThrough();
    this.near = new StreamChannel({ readable: there, writable: back }, { parse: parseHostFrame });
    this.far = new StreamChannel({ readable: back, writable: there });
    this.far.subscribe((frame) => {
      this.got.push(frame);
      this.#watch();
    });
  }

  static async connect(): Promise<Peer> {
    const peer = new Peer();
    await Promise.all([peer.near.whenUp(), peer.far.whenUp()]);
    return peer;
  }

  say(frame: HostFrame): void {
    this.far.write(encodeControl(frame as never));
  }

  hello(host: string, protocol: readonly [number, number] = [1, 1]): void {
    this.say({ type: 'hello', protocol, host });
  }

  /** The first frame of this type that came, or comes. */
  async heard<T extends AgentFrame['type']>(type: T): Promise<Extract<AgentFrame, { type: T }>> {
    for (;;) {
      const frame = this.got.find((each) => each.type === type);
      if (frame !== undefined) {
        this.got.splice(this.got.indexOf(frame), 1);
        return frame as Extract<AgentFrame, { type: T }>;
      }
      await new Promise<void>((resolve) => {
        this.#watch = resolve;
      });
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.far.close({ timeoutMs: 100 }), this.near.close({ timeoutMs: 100 })]);
  }
}
