import { rmSync } from 'node:fs';
import { NamedPipeChannel } from '@ccb/named-pipe';
import type { AgentFrame, HostFrame } from '../protocol/frames.ts';
import { parseHostFrame } from '../protocol/host-frame.ts';
import { ControlFifo } from './control-fifo.ts';
import type { Listener, Reception } from './listener.ts';

/** The FIFOs that the host has made: one pair for whoever holds the agent, and a way for observers to announce a pair of their own. */
export class PipeListener implements Listener {
  readonly #channel: NamedPipeChannel<HostFrame, AgentFrame>;
  readonly #control: ControlFifo;

  private constructor(channel: NamedPipeChannel<HostFrame, AgentFrame>, control: ControlFifo) {
    this.#channel = channel;
    this.#control = control;
  }

  /** @throws {NamedPipeError} CCB_PIPE_UNSAFE, CCB_PIPE_DOWN */
  static async open(pipes: string, { hosts, observers, log }: Reception): Promise<PipeListener> {
    const channel = await NamedPipeChannel.listen<HostFrame, AgentFrame>(pipes, {
      keep: true,
      lock: false,
      parse: parseHostFrame,
      log: ({ level, event, ...fields }) => log(level, event, fields),
    });
    try {
      const control = new ControlFifo(`${pipes}.ctl.fifo`, log, (name) => {
        const path = `${pipes}.${name}`;
        void observers.join({
          name,
          connect: (limits) => NamedPipeChannel.connect(path, { ...limits, lock: false, parse: parseHostFrame }),
          left: () => unlink(path),
        });
      });
      hosts.accept(channel);
      return new PipeListener(channel, control);
    } catch (error) {
      await channel.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#control.close();
    await this.#channel.close();
  }
}

/** Its maker does that, unless it was killed; and where the pipes' directory is read-only here, whoever made that. */
function unlink(path: string): void {
  for (const kind of ['in', 'out']) {
    try {
      rmSync(`${path}.${kind}.fifo`, { force: true });
    } catch {
      return;
    }
  }
}
