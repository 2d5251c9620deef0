import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type InstanceLayout, writeRecord } from '@ccb/container-agent';
import type { TmuxRecord } from './tmux-data.ts';

/** What a pane's programs read of ours. Copies: an upgrade or a vanished cache cannot break a running instance. */
const scripts = ['launch.sh', 'ccb.bash', 'ccb-python.py', 'claude-hook.sh'] as const;

/** The path of an instance's own copy. */
export function scriptPath(layout: InstanceLayout, name: (typeof scripts)[number]): string {
  return join(layout.agentDirectory, name);
}

/** Fills a claimed directory; the record comes last. */
export function furnishPane(layout: InstanceLayout, record: TmuxRecord): void {
  for (const directory of [layout.pipesDirectory, layout.state, layout.home, layout.agentDirectory])
    mkdirSync(directory, { mode: 0o700 });
  for (const name of scripts)
    copyFileSync(fileURLToPath(new URL(`../rc/${name}`, import.meta.url)), scriptPath(layout, name));
  writeRecord(layout, record);
}
