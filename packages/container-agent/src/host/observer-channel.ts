import { randomBytes } from 'node:crypto';
import { InstanceError } from '@ccb/instance-interface';
import { type Channel, NamedPipeChannel } from '@ccb/named-pipe';
import { openWriter } from '@ccb/named-pipe/fifo';
import { encodeJoin } from '../agent/control-fifo.ts';
import { agentChannelLimits } from './channel-limits.ts';

/**
 * A channel to an agent that somebody else holds: a FIFO pair of this observer's own, announced through the control FIFO.
 * @param pipes prefix of the instance's FIFOs
 * @throws {InstanceError} CCB_AGENT_UNREACHABLE when no agent reads the control FIFO
 */
export async function openObserverChannel(pipes: string, signal: AbortSignal): Promise<Channel> {
  const name = randomBytes(8).toString('hex');
  const control = openWriter(`${pipes}.ctl.fifo`);
  if (control === undefined) {
    const message = `No agent listens at ${pipes}.ctl.fifo. Start the instance first (open it with mode 'hold').`;
    throw new InstanceError('CCB_AGENT_UNREACHABLE', message, { retryable: true });
  }
  try {
    const channel = await NamedPipeChannel.listen(`${pipes}.${name}`, { ...agentChannelLimits, lock: false, signal });
    await new Promise<void>((resolve, reject) => {
      control.once('error', reject);
      control.end(encodeJoin(name), () => resolve());
    });
    return channel;
  } finally {
    control.destroy();
  }
}
