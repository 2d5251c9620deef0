import { closeSync, writeSync } from 'node:fs';
import { Agent } from './agent.ts';
import { errorCode } from './error-code.ts';
import { exitStatus } from './exit-status.ts';
import { fileLog, stderrLog } from './log.ts';
import { readSettings } from './settings.ts';

// Replaced at build time by the package's version.
declare const AGENT_VERSION: string | undefined;

const GRACE_MS = 5_000;

/** Is the agent of an instance until that ends; an exit status. */
export async function serve(path: string, readyFd: number | undefined): Promise<number> {
  const settings = readSettings(path);
  const log = settings.log === undefined ? stderrLog(settings.name) : fileLog(settings.name, settings.log);
  let agent: Agent | undefined;
  process.on('uncaughtException', (error) => {
    log('error', 'agent.crashed', { reason: String(error), stack: error instanceof Error ? error.stack : undefined });
    try {
      agent?.crash();
    } finally {
      process.exit(exitStatus.broken);
    }
  });
  // A terminal that goes away must not take the agent along.
  process.on('SIGHUP', () => undefined);
  try {
    agent = await Agent.start(settings, typeof AGENT_VERSION === 'string' ? AGENT_VERSION : 'source', log);
  } catch (error) {
    const code = errorCode(error);
    log('error', 'agent.not_started', { code, reason: error instanceof Error ? error.message : String(error) });
    return code === 'CCB_PIPE_LOCKED' ? exitStatus.locked : exitStatus.broken;
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void agent?.stop(signal, GRACE_MS));
  if (readyFd !== undefined) announce(readyFd);
  await agent.ended();
  return exitStatus.ended;
}

/** Tells whoever started the agent that it listens; the descriptor is closed so that the program does not inherit it. */
function announce(fd: number): void {
  try {
    writeSync(fd, 'ready\n');
    closeSync(fd);
  } catch {
    // Nobody waits any more.
  }
}
