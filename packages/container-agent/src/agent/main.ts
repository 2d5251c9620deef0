import { closeSync, writeSync } from 'node:fs';
import { Agent } from './agent.ts';
import { stderrLog } from './log.ts';
import { readSettings } from './settings.ts';

// Replaced at build time by the package's version.
declare const AGENT_VERSION: string | undefined;

const GRACE_MS = 5_000;
/** Another agent of this instance lives: EX_TEMPFAIL. */
const EXIT_LOCKED = 75;
/** EX_SOFTWARE */
const EXIT_BROKEN = 70;

async function main(path: string | undefined, option: string | undefined): Promise<number> {
  if (path === undefined) {
    process.stderr.write('usage: agent.cjs SETTINGS.json [--ready-fd=N] (started by a host)\n');
    return 2;
  }
  const settings = readSettings(path);
  const log = stderrLog(settings.name);
  let agent: Agent | undefined;
  process.on('uncaughtException', (error) => {
    log('error', 'agent.crashed', { reason: String(error), stack: error instanceof Error ? error.stack : undefined });
    try {
      agent?.crash();
    } finally {
      process.exit(EXIT_BROKEN);
    }
  });
  // A terminal that goes away must not take the agent along.
  process.on('SIGHUP', () => undefined);
  try {
    agent = await Agent.start(settings, typeof AGENT_VERSION === 'string' ? AGENT_VERSION : 'source', log);
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    log('error', 'agent.not_started', { code, reason: error instanceof Error ? error.message : String(error) });
    return code === 'CCB_PIPE_LOCKED' ? EXIT_LOCKED : EXIT_BROKEN;
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void agent?.stop(signal, GRACE_MS));
  if (option?.startsWith('--ready-fd=')) announce(Number(option.slice('--ready-fd='.length)));
  await agent.ended();
  return 0;
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

main(process.argv[2], process.argv[3]).then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(EXIT_BROKEN);
  },
);
