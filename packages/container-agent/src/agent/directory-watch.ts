import { existsSync, type FSWatcher, watch } from 'node:fs';
import type { AgentLog } from './log.ts';

export interface DirectoryWatch {
  close(): void;
}

/** Calls `gone` once the directory was removed, or moved away: nobody can reach an agent without it any more. */
export function watchDirectory(path: string, log: AgentLog, gone: () => void): DirectoryWatch {
  let watcher: FSWatcher;
  try {
    watcher = watch(path, (event) => {
      if (event !== 'rename' || existsSync(path)) return;
      watcher.close();
      gone();
    });
  } catch (error) {
    log('warn', 'directory.not_watched', { path, reason: String(error) });
    return { close: () => undefined };
  }
  watcher.on('error', (error) => log('warn', 'directory.not_watched', { path, reason: String(error) }));
  return watcher;
}
