import { PassThrough } from 'node:stream';
import { type Channel, StreamChannel } from '@ccb/named-pipe';
import type { AgentHello, HostFrame } from '../../protocol/frames.ts';
import { parseHostFrame } from '../../protocol/host-frame.ts';

export const journalId = 'abcdefghijkl';

/** The agent's end of a channel, which says what the test makes it say. */
export class ScriptedAgent {
  readonly channel: Channel<HostFrame>;
  /** Everything that the host said, in order. */
  readonly heard: HostFrame[] = [];
  #waiting: { readonly matches: (frame: HostFrame) => boolean; resolve(frame: HostFrame): void }[] = [];
  #unread: HostFrame[] = [];

  constructor(channel: Channel<HostFrame>) {
    this.channel = channel;
    channel.subscribe((frame) => {
      this.heard.push(frame);
      const index = this.#waiting.findIndex(({ matches }) => matches(frame));
      if (index >= 0) this.#waiting.splice(index, 1)[0]?.resolve(frame);
      else this.#unread.push(frame);
    });
  }

  /** The next frame of this type that nobody has asked for. */
  hears<T extends HostFrame['type']>(type: T): Promise<Extract<HostFrame, { type: T }>> {
    const index = this.#unread.findIndex((frame) => frame.type === type);
    if (index >= 0) return Promise.resolve(this.#unread.splice(index, 1)[0] as Extract<HostFrame, { type: T }>);
    return new Promise((resolve) => {
      this.#waiting.push({
        matches: (frame) => frame.type === type,
        resolve: (frame) => resolve(frame as Extract<HostFrame, { type: T }>),
      });
    });
  }

  says(...frames: readonly object[]): void {
    this.saysRaw(frames.map((frame) => `${JSON.stringify(frame)}\n`).join(''));
  }

  saysRaw(lines: string): void {
    this.channel.write(Buffer.from(lines));
  }

  /** Answers the host's hello. */
  async greets(hello: Partial<AgentHello> = {}): Promise<void> {
    await this.hears('hello');
    this.says({
      type: 'hello',
      protocol: 1,
      agentVersion: 'scripted',
      journalId,
      lastSeq: 0,
      ackedSeq: 0,
      program: 'script',
      configured: true,
      ...hello,
    });
  }

  /** Resolves when the host has handled all that was said before: it is asked something that it answers at once. */
  async configures(): Promise<void> {
    await this.hears('configure');
    this.says({ type: 'configured' });
  }
}

/** Both ends of one stream; the first one is for the host. */
export function connected(): { readonly channel: Channel; readonly agent: ScriptedAgent } {
  const [there, back] = [new PassThrough(), new PassThrough()];
  const channel = new StreamChannel({ readable: back, writable: there });
  const far = new StreamChannel<HostFrame>({ readable: there, writable: back }, { parse: parseHostFrame });
  return { channel, agent: new ScriptedAgent(far) };
}
