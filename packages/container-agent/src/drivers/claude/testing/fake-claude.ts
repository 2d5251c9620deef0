import { fileURLToPath } from 'node:url';
import { fakeClaudeFile } from '@ccb/conformance/claude';
import type { DriverContext } from '../../driver.ts';
import { type Subject, subject } from '../../testing/recorder.ts';
import { createClaudeDriver } from '../claude-driver.ts';

export interface FakedOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface Faked extends Subject {
  readonly logged: readonly string[];
}

/** The driver with a scripted Claude Code, whose tools need no permission unless `args` says otherwise. */
export function faked(options: FakedOptions = {}): Faked {
  const logged: string[] = [];
  const inner = subject(
    (context: DriverContext) => createClaudeDriver({ ...context, log: (_level, event) => logged.push(event) }),
    {
      args: options.args ?? ['--dangerously-skip-permissions'],
      env: { CLAUDE_CODE_EXECUTABLE: fileURLToPath(fakeClaudeFile), IS_SANDBOX: '1', ...options.env },
    },
  );
  return { ...inner, logged };
}

/** Ready, within a time that a busy machine keeps. */
export function started(faked: Faked): Promise<void> {
  return faked.driver.start(AbortSignal.timeout(20_000));
}
