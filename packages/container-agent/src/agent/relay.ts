import type { Socket } from 'node:net';
import { pipeline } from 'node:stream';
import { exitStatus } from './exit-status.ts';
import type { Purpose } from './purpose.ts';
import { connectedWithin, isAbsent } from './relay-socket.ts';

/** ms without a byte from the host, who pings every few seconds, after which it counts as gone. */
const SILENCE_MS = 60_000;
/** ms that the agent has to take what the host said last. */
const LAST_WORDS_MS = 1_000;

export interface RelayOptions {
  /** ms that an agent has to listen; default 0. */
  readonly waitMs?: number | undefined;
  readonly silenceMs?: number | undefined;
}

/** Copies stdin to the agent's socket and what comes from there to stdout, until either side ends; an exit status. */
export async function relay(
  socket: string,
  purpose: Purpose,
  { waitMs = 0, silenceMs = SILENCE_MS }: RelayOptions = {},
): Promise<number> {
  let agent: Socket;
  try {
    agent = await connectedWithin(socket, waitMs);
  } catch (error) {
    const nobody = isAbsent(error);
    const what = nobody ? `no agent listens at ${socket}` : `${socket} cannot be reached: ${String(error)}`;
    process.stderr.write(`${what}\n`);
    return nobody ? exitStatus.unavailable : exitStatus.broken;
  }
  agent.write(`${purpose}\n`);
  await copied(agent, silenceMs);
  return exitStatus.ended;
}

function copied(agent: Socket, silenceMs: number): Promise<void> {
  const { stdin, stdout } = process;
  return new Promise((resolve) => {
    let heard = true;
    const silence = setInterval(() => {
      heard = false;
      // After a time in which this process stood still, what was said meanwhile is read first.
      setImmediate(() => heard || resolve());
    }, silenceMs);
    stdin.on('data', () => {
      heard = true;
      silence.refresh();
    });
    stdin.once('end', () => setTimeout(resolve, LAST_WORDS_MS));
    // Where the agent went first, its last lines are still on their way to stdout.
    pipeline(stdin, agent, (error) => error ?? resolve());
    pipeline(agent, stdout, () => resolve());
  });
}
