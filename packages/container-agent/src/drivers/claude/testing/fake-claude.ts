import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const fakeClaudeFile = 'file:///work/main/packages/conformance/dist/fake-claude.cjs';

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
  const directory = mkdtempSync(join(tmpdir(), 'ccb-fake-claude-'));
  const logged: string[] = [];
  const inner = subject(
    (context: DriverContext) => createClaudeDriver({ ...context, log: (_level, event) => logged.push(event) }),
    {
      args: options.args ?? ['--dangerously-skip-permissions'],
      env: { CLAUDE_CODE_EXECUTABLE: launcher(directory), IS_SANDBOX: '1', ...options.env },
    },
  );
  return {
    ...inner,
    logged,
    async [Symbol.asyncDispose](): Promise<void> {
      await inner[Symbol.asyncDispose]();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** The fake does not repeat prompts, and knows no option for it. */
function launcher(directory: string): string {
  const path = join(directory, 'claude');
  const lines = [
    '#!/bin/sh',
    `for arg; do shift; [ "$arg" = --replay-user-messages ] || set -- "$@" "$arg"; done`,
    `exec '${fileURLToPath(fakeClaudeFile)}' "$@"`,
  ];
  writeFileSync(path, `${lines.join('\n')}\n`, { mode: 0o700 });
  return path;
}

/** Ready, within a time that a busy machine keeps. */
export function started(faked: Faked): Promise<void> {
  return faked.driver.start(AbortSignal.timeout(20_000));
}
