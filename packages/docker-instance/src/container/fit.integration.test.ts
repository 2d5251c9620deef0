import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { denied } from './fit.ts';

const UID = 1000;
const GID = 1001;

/** Prints for each path which of r, w, x the kernel denies. */
const SCRIPT = 'for p; do for w in r w x; do test -$w "$p" || printf $w; done; echo; done';

// Only root can be somebody else.
test.skipIf(process.getuid?.() !== 0)('what is foretold is what the kernel does', () => {
  const root = mkdtempSync(join(tmpdir(), 'ccb-fit-'));
  try {
    chmodSync(root, 0o755);
    const owners = [
      [UID, GID],
      [UID, 7],
      [7, GID],
      [7, 7],
      [0, 0],
    ] as const;
    const paths = owners.flatMap(([uid, gid]) =>
      Array.from({ length: 64 }, (_, index) => {
        // Each value of each digit, with different ones beside it.
        const mode = ((index & 7) << 6) | ((index >> 3) << 3) | ((index * 5 + 3) & 7);
        const path = join(root, `${uid}-${gid}-${mode.toString(8)}-${index}`);
        mkdirSync(path);
        chownSync(path, uid, gid);
        chmodSync(path, mode);
        return path;
      }),
    );
    const said = execFileSync('/bin/sh', ['-c', SCRIPT, 'sh', ...paths], {
      uid: UID,
      gid: GID,
      cwd: '/',
      env: {},
      timeout: 10_000,
      encoding: 'utf8',
    });
    const credentials = { uid: UID, gids: [GID], overrides: false };
    const foretold = paths.map((path) => denied(credentials, statSync(path), ['r', 'w', 'x']).join(''));
    expect(said.split('\n').slice(0, -1)).toEqual(foretold);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
