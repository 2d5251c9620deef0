import { agentChannelLimits, visible } from '@ccb/container-agent';
import { InstanceError } from '@ccb/instance-interface';
import { type Channel, StreamChannel } from '@ccb/named-pipe';
import type { Engine } from '../engine/engine.ts';
import type { AgentPlace } from './agent-place.ts';

/** The relay's exit status when no agent listens at its socket. */
const EXIT_NOBODY = 69;

/**
 * The agent's protocol over one persistent exec in the container. It goes down for good when the exec or the engine does.
 * @throws {InstanceError} CCB_BACKEND_UNREACHABLE when no agent listens, or the container does not run any more
 */
export async function openRelay(
  engine: Engine,
  place: AgentPlace,
  observing: boolean,
  signal: AbortSignal,
): Promise<Channel> {
  const session = await engine.openExec(place.container, place.relay(observing), { signal }).catch((error: unknown) => {
    throw InstanceError.is(error, 'CCB_INVALID_STATE') || InstanceError.is(error, 'CCB_NOT_FOUND')
      ? over(error)
      : error;
  });
  const channel = new StreamChannel({ readable: session.stdout, writable: session.stdin }, agentChannelLimits);
  try {
    await Promise.race([
      channel.whenUp({ signal }),
      session.exit.then((code) => Promise.reject(gone(code, session.stderrTail()))),
    ]);
    const undo = channel.on('down', () => {
      undo();
      session.close();
    });
    return channel;
  } catch (error) {
    // The stream's end is seen before its status is known, which a closed session does not learn.
    const code = signal.aborted || InstanceError.is(error) ? undefined : await session.exit;
    await channel.close({ timeoutMs: 1 });
    session.close();
    throw code === undefined ? error : gone(code, session.stderrTail());
  }
}

/** It ran a moment ago. */
function over(cause: InstanceError): InstanceError {
  return new InstanceError('CCB_BACKEND_UNREACHABLE', cause.message, { cause, retryable: true });
}

function gone(code: number | undefined, words: string): InstanceError {
  const nobody = code === EXIT_NOBODY;
  const message = nobody
    ? 'no agent listens in the container; it has just ended'
    : `the relay into the container ended (exit ${code ?? 'unknown'}): ${visible(words.trim()) || 'it said nothing'}`;
  return new InstanceError(nobody ? 'CCB_BACKEND_UNREACHABLE' : 'CCB_AGENT_UNREACHABLE', message, { retryable: true });
}
