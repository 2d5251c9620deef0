import type { DriverFactory } from './driver.ts';
import { DriverError } from './driver-error.ts';
import { type DriverName, driverNames } from './names.ts';

declare const WITH_ACP: boolean | undefined;

/** Loaded when asked for: an agent drives one program, and the others would cost it time and memory. */
const loaders: Readonly<Record<DriverName, () => Promise<DriverFactory>>> = {
  // A bundle is for this program, or for the others: written so that the bundler sees what is never reached.
  acp:
    typeof WITH_ACP === 'boolean' && !WITH_ACP
      ? () => Promise.reject(otherAgent())
      : async () => (await import('./acp/acp-driver.ts')).createAcpDriver,
  claude: async () => (await import('./claude/claude-driver.ts')).createClaudeDriver,
  echo: async () => (await import('./echo.ts')).createEchoDriver,
  shell: async () => (await import('./shell/shell-driver.ts')).createShellDriver,
};

/** @throws {DriverError} CCB_PROGRAM_NOT_FOUND, naming those that are known */
export async function driverFactory(name: string): Promise<DriverFactory> {
  if (driverNames.includes(name)) return await loaders[name as DriverName]();
  throw new DriverError(
    'CCB_PROGRAM_NOT_FOUND',
    `No program is called "${name}". Choose one of: ${driverNames.join(', ')}.`,
  );
}

function otherAgent(): DriverError {
  return new DriverError('CCB_PROGRAM_NOT_FOUND', 'This agent cannot drive "acp"; agent-acp.cjs can.');
}
