import { copyFileSync, existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { InstanceLayout } from '@ccb/container-agent';

/** What a pane's programs read of ours. Copies: an upgrade or a vanished cache cannot break a running instance. */
const scripts = ['launch.sh', 'ccb.bash', 'ccb-python.py', 'claude-hook.sh'] as const;

/** The path of an instance's own copy. */
export function scriptPath(layout: InstanceLayout, name: (typeof scripts)[number]): string {
  return join(layout.agentDirectory, name);
}

/** Fills a claimed directory. Also one whose filling was cut off: what is there is kept as it is. */
export function furnishPane(layout: InstanceLayout): void {
  for (const directory of [layout.pipesDirectory, layout.state, layout.home, layout.agentDirectory])
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  for (const name of scripts) {
    const own = scriptPath(layout, name);
    if (existsSync(own)) continue;
    copyFileSync(fileURLToPath(new URL(`../rc/${name}`, import.meta.url)), `${own}.new`);
    renameSync(`${own}.new`, own);
  }
}
