import { existsSync, type FSWatcher, watch } from 'node:fs';
import { dirname } from 'node:path';
import type { AgentLog } from './log.ts';

export interface DirectoryWatch {
  close(): void;
}

/** Calls `gone` once the directory was removed, or moved away: nobody can reach an agent without it any more. */
export function watchDirectory(path: string, log: AgentLog, gone: () => void): DirectoryWatch {
  const failed = (error: unknown): void => log('warn', 'directory.not_watched', { path, reason: String(error) });
  let watcher: FSWatcher;
  try {
    // Its parent: the kernel does not tell the end of a directory while a file that was in it is open.
    watcher = watch(dirname(path), (event) => {
      if (event !== 'rename' || existsSync(path)) return;
      watcher.close();
      gone();
    });
  } catch (error) {
    failed(error);
    return { close: () => undefined };
  }
  watcher.on('error', failed);
  return watcher;
}
