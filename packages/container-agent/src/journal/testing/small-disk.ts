import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface SmallDisk {
  readonly path: string;
  /** Unmounts it. */
  remove(): void;
}

/** A real file system of 1 MiB; undefined where it cannot be mounted. */
export function smallDisk(): SmallDisk | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const path = mkdtempSync(join(tmpdir(), 'ccb-disk-'));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m,mode=0700', 'ccb-test', path], { timeout: 10_000 });
  if (mounted.status !== 0) {
    rmdirSync(path);
    return undefined;
  }
  return {
    path,
    remove() {
      const unmounted = spawnSync('umount', [path], { timeout: 10_000 });
      if (unmounted.status !== 0) throw new Error(`umount ${path}: ${unmounted.stderr}`);
      rmdirSync(path);
    },
  };
}
