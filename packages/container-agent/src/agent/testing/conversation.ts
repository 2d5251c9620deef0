import type { Channel } from '@ccb/named-pipe';
import { encodeControl } from '../../protocol/encode.ts';
import type { AgentFrame, HostFrame } from '../../protocol/frames.ts';

/** The host's end of a channel, frame by frame. */
export class Conversation {
  readonly far: Channel<AgentFrame, HostFrame>;
  /** What came and was not asked for by `heard`. */
  readonly got: AgentFrame[] = [];
  #watch: () => void = () => {};

  constructor(far: Channel<AgentFrame, HostFrame>) {
    this.far = far;
    far.subscribe((frame) => {
      this.got.push(frame);
      this.#watch();
    });
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
}
