import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PermissionAnswer, PermissionRequest, RunEnd } from '@ccb/instance-interface';
import { endStrays } from '../../agent/strays.ts';
import type { Driver, DriverContext, DriverFactory, Turn } from '../driver.ts';

/** What came of one command: each stream as the bytes that the driver reported. */
export interface Answer {
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  readonly updates: readonly ({ readonly type: string; readonly status?: string; readonly message?: string } & Record<
    string,
    unknown
  >)[];
  readonly end: RunEnd;
  /** What was written after the end; still growing while a background child lives. */
  readonly late: { stdout: string; stderr: string };
  /** Resolves when the late output contains the text. */
  whenLate(text: string): Promise<void>;
}

export interface Asked {
  readonly stderr?: 'separate' | 'merge';
  /** Called at each piece of output, before the end. */
  readonly onWrite?: (stream: 'stdout' | 'stderr', text: string) => void;
  /** Answers what the program asks; without it everything is refused. */
  readonly onAsk?: (request: PermissionRequest) => PermissionAnswer | Promise<PermissionAnswer>;
  /** Leaves the pieces out of the answer. */
  readonly discard?: boolean;
}

export interface Subject extends AsyncDisposable {
  readonly driver: Driver;
  readonly context: DriverContext;
  readonly workspace: string;
  readonly exits: { readonly pid: number; readonly code: number | null; readonly signal: string | null }[];
  readonly spawns: number[];
  run(text: string, asked?: Asked): Promise<Answer>;
}

/** A driver in temporary directories, whose program has an environment made from nothing. */
export function subject(
  make: DriverFactory,
  options: Partial<Pick<DriverContext, 'args' | 'env' | 'workspace'>> = {},
): Subject {
  const root = mkdtempSync(join(tmpdir(), 'ccb-driver-'));
  const [workspace, directory, memory, home] = ['workspace', "it's private", 'memory', 'home'].map((name) =>
    join(root, name),
  ) as [string, string, string, string];
  for (const path of [workspace, directory, memory, home]) mkdirSync(path, { mode: 0o700 });
  const instanceId = randomUUID();
  const spawns: number[] = [];
  const exits: { pid: number; code: number | null; signal: string | null }[] = [];
  const context: DriverContext = {
    workspace: options.workspace ?? workspace,
    env: { PATH: process.env.PATH ?? '/usr/bin:/bin', HOME: home, CCB_INSTANCE: instanceId, ...options.env },
    directory,
    memory,
    args: options.args ?? [],
    log: () => {},
    spawned: ({ pid }) => spawns.push(pid),
    exited: (exit) => exits.push(exit),
    endStrays: () => void endStrays(instanceId),
  };
  const driver = make(context);
  let count = 0;
  return {
    driver,
    context,
    workspace: context.workspace,
    exits,
    spawns,
    run: (text, asked = {}) => {
      count += 1;
      return record(driver, { id: `c${count}`, text, ...asked });
    },
    async [Symbol.asyncDispose](): Promise<void> {
      await driver.stop(2_000);
      rmSync(root, { recursive: true, force: true });
    },
  };
}

async function record(driver: Driver, asked: Asked & { readonly id: string; readonly text: string }): Promise<Answer> {
  const pieces: Record<'stdout' | 'stderr', Buffer[]> = { stdout: [], stderr: [] };
  const late = { stdout: '', stderr: '' };
  const updates: { type: string; status?: string; message?: string }[] = [];
  const watchers = new Set<() => void>();
  let ended = false;
  const turn: Turn = {
    id: asked.id,
    text: asked.text,
    stderr: asked.stderr ?? 'separate',
    write(stream, text, bytes) {
      if (ended) {
        late[stream] += text;
        for (const watch of watchers) watch();
        return;
      }
      asked.onWrite?.(stream, text);
      if (!asked.discard) pieces[stream].push(bytes === undefined ? Buffer.from(text) : Buffer.from(bytes, 'base64'));
    },
    update(update) {
      updates.push(update as { type: string });
    },
    ask: async (request) => (await asked.onAsk?.(request)) ?? 'reject_once',
  };
  const end = await driver.run(turn);
  ended = true;
  return {
    stdout: Buffer.concat(pieces.stdout),
    stderr: Buffer.concat(pieces.stderr),
    updates,
    end,
    late,
    whenLate: (text) =>
      new Promise((resolve) => {
        const watch = (): void => {
          if (!`${late.stdout}${late.stderr}`.includes(text)) return;
          watchers.delete(watch);
          resolve();
        };
        watchers.add(watch);
        watch();
      }),
  };
}
