import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, constants, openSync, renameSync, statSync } from 'node:fs';
import { type InstanceLayout, readTail } from '@ccb/container-agent';
import { InstanceError } from '@ccb/instance-interface';

const LOG_BYTES = 1024 * 1024;
/** What an error tells of it. */
const TAIL_BYTES = 16 * 1024;
/** The agent's exit status when another agent of the instance lives. */
const EXIT_LOCKED = 75;

/**
 * Starts the agent in a session of its own and resolves when it listens; it outlives this process.
 * @returns `running` when another one lives already
 * @throws {InstanceError} CCB_AGENT_UNREACHABLE with the end of its log
 */
export async function spawnAgent(layout: InstanceLayout, signal: AbortSignal): Promise<'launched' | 'running'> {
  signal.throwIfAborted();
  const log = openLog(layout.agentLog);
  const child = spawn(process.execPath, [layout.agentFile, layout.settings, '--ready-fd=3'], {
    cwd: '/',
    detached: true,
    // Nothing of the caller's: NODE_OPTIONS and the like would change the agent too.
    env: { PATH: process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin' },
    stdio: ['ignore', log, log, 'pipe'],
  });
  closeSync(log);
  const outcome = await readiness(child, signal);
  child.unref();
  if (outcome === 'ready') return 'launched';
  if (outcome === EXIT_LOCKED) return 'running';
  if (outcome === 'aborted') {
    child.kill('SIGKILL');
    throw signal.reason;
  }
  const message = `The agent did not start (exit ${outcome}). Its log, ${layout.agentLog}, ends:\n${logTail(layout.agentLog)}`;
  throw new InstanceError('CCB_AGENT_UNREACHABLE', message, { retryable: true });
}

/** Its exit status when it ended first. */
async function readiness(child: ChildProcess, signal: AbortSignal): Promise<'ready' | 'aborted' | number> {
  const ready = child.stdio[3] as NodeJS.ReadableStream & { destroy(): void };
  let aborted = (): void => undefined;
  try {
    return await new Promise((resolve, reject) => {
      aborted = () => resolve('aborted');
      signal.addEventListener('abort', aborted);
      child.once('error', reject);
      ready.once('data', () => resolve('ready'));
      child.once('exit', (code) => resolve(code ?? -1));
    });
  } finally {
    signal.removeEventListener('abort', aborted);
    ready.destroy();
  }
}

/** The last lines of the agent's log. */
function logTail(path: string): string {
  const { text, problem } = readTail(path, { maxBytes: TAIL_BYTES });
  return text?.trimEnd().split('\n').slice(-5).join('\n') ?? `(${problem})`;
}

function openLog(path: string): number {
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > LOG_BYTES) renameSync(path, `${path}.1`);
  return openSync(
    path,
    constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK,
    0o600,
  );
}
