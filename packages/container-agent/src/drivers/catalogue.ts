import { createClaudeDriver } from './claude/claude-driver.ts';
import type { DriverFactory } from './driver.ts';
import { DriverError } from './driver-error.ts';
import { createEchoDriver } from './echo.ts';
import { createShellDriver } from './shell/shell-driver.ts';

const factories: ReadonlyMap<string, DriverFactory> = new Map<string, DriverFactory>([
  ['claude', createClaudeDriver],
  ['echo', createEchoDriver],
  ['shell', createShellDriver],
]);

/** The programs that this agent can drive. */
export const driverNames: readonly string[] = Object.freeze([...factories.keys()]);

/** @throws {DriverError} CCB_PROGRAM_NOT_FOUND, naming those that are known */
export function driverFactory(name: string): DriverFactory {
  const factory = factories.get(name);
  if (factory) return factory;
  throw new DriverError(
    'CCB_PROGRAM_NOT_FOUND',
    `No program is called "${name}". Choose one of: ${driverNames.join(', ')}.`,
  );
}
