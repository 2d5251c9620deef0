import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { acquireLock } from '@ccb/named-pipe/lock';
import { connectEngine } from '../engine/connect.ts';
import type { Engine } from '../engine/engine.ts';
import { importPrograms } from '../image/host-image.ts';
import { type HostProgram, hostProgram, hostPrograms } from '../image/host-programs.ts';

const BUILD_MS = 60_000;
/** Raised when the recipe changes, so that an image made by an older one is not taken for it. */
const RECIPE = 1;
const CHANGES: readonly string[] = ['ENV PATH=/usr/local/bin:/usr/bin:/bin LANG=C.UTF-8', 'CMD ["/bin/bash"]'];

export interface TestImageOptions {
  /** Default: the one of the environment. */
  readonly engine?: Engine | undefined;
  /** A Claude Code of this machine, taken along as `/usr/local/bin/claude`. */
  readonly claude?: string | undefined;
}

/**
 * The name of an image with this machine's Node, bash, flock, git and usual tools, the users root (who runs it, unless
 * told otherwise) and node (uid 1000), an empty /workspace and an empty /ccb. It needs no registry, is made once in 2 to 3 s, and stays.
 */
export async function ensureTestImage(options: TestImageOptions = {}): Promise<string> {
  const programs = await hostPrograms();
  const claude = options.claude === undefined ? [] : [await hostProgram('/usr/local/bin/claude', options.claude)];
  const all = [...programs, ...claude];
  const name = `ccb-test:${await fingerprint(all)}`;
  const engine = options.engine ?? connectEngine();
  try {
    if ((await engine.inspectImage(name)) === undefined) await buildOnce(engine, name, all);
  } finally {
    if (options.engine === undefined) engine.close();
  }
  return name;
}

/** Two that make it at once would leave one image without a name. */
async function buildOnce(engine: Engine, name: string, programs: readonly HostProgram[]): Promise<void> {
  const path = join(os.tmpdir(), `ccb-test-image-${process.getuid?.()}.lock`);
  const lock = await acquireLock(path, { wait: true, timeoutMs: BUILD_MS });
  try {
    if ((await engine.inspectImage(name)) !== undefined) return;
    await importPrograms(engine, name, programs, CHANGES, { timeoutMs: BUILD_MS });
  } finally {
    await lock.release({ unlink: true });
  }
}

async function fingerprint(programs: readonly HostProgram[]): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify([RECIPE, CHANGES, process.version]));
  for (const { path, file } of programs) {
    const { size, mtimeMs } = await stat(file);
    hash.update(JSON.stringify([path, size, mtimeMs]));
  }
  return hash.digest('hex').slice(0, 12);
}
