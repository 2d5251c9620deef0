import { visible } from '@ccb/container-agent';
import { InstanceError } from '@ccb/instance-interface';
import type { Call } from '@ccb/instance-interface/abstract';
import type { Engine } from '../engine/engine.ts';
import type { ContainerPaths } from './paths.ts';

/** The agent's exit status when another one of the instance lives. */
const EXIT_LOCKED = 75;

/** An agent of the instance holds its lock in the container. */
export async function isAlive(
  engine: Engine,
  container: string,
  { agentFile, settings }: ContainerPaths,
  call: Call,
): Promise<boolean> {
  const { exitCode } = await engine.exec(container, { argv: ['node', agentFile, '--alive', settings] }, call);
  return exitCode === 0;
}

/**
 * Starts an agent in a running container, and resolves when it listens; it outlives the exec's connection.
 * @throws {InstanceError} CCB_AGENT_UNREACHABLE when it does not start
 */
export async function startByExec(
  engine: Engine,
  container: string,
  { agentFile, settings }: ContainerPaths,
  call: Call,
): Promise<'launched' | 'running'> {
  const session = await engine.openExec(container, { argv: ['node', agentFile, settings, '--ready-fd=1'] }, call);
  try {
    const ready = new Promise<'ready'>((resolve) => session.stdout.once('data', () => resolve('ready')));
    const first = await Promise.race([ready, session.exit, rejected(call.signal)]);
    if (first === 'ready') return 'launched';
    if (first === EXIT_LOCKED) return 'running';
    const message = `The agent did not start in ${container} (exit ${first ?? 'unknown'}): ${visible(session.stderrTail().trim()) || 'it said nothing'}`;
    throw new InstanceError('CCB_AGENT_UNREACHABLE', message, { retryable: true });
  } finally {
    session.close();
  }
}

function rejected(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
