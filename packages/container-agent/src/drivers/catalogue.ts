import type { DriverFactory } from './driver.ts';
import { DriverError } from './driver-error.ts';
import { type DriverName, driverNames } from './names.ts';

/** Loaded when asked for: an agent drives one program, and the others would cost it time and memory. */
const loaders: Readonly<Record<DriverName, () => Promise<DriverFactory>>> = {
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
