import { existsSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Examination } from './examine.ts';
import type { Finding } from './finding.ts';

const NETWORK: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB'],
  [0x01021997, '9p'],
  [0x65735546, 'FUSE'],
]);
const MIB = 1024 * 1024;
/** The journal of one instance may have 128 MiB and two segments. */
const LITTLE_MIB = 1_024;
const TOO_LITTLE_MIB = 200;
const FEW_INODES = 10_000;

export async function homeFindings({ manager: { home } }: Examination): Promise<readonly Finding[]> {
  let existing = home;
  while (!existsSync(existing)) existing = dirname(existing);
  return [mode(home), space(existing), fileSystem(existing)];
}

function mode(home: string): Finding {
  const about = { area: 'home', name: 'directory' } as const;
  const found = statSync(home, { throwIfNoEntry: false });
  if (found === undefined) return { ...about, status: 'ok', message: `${home} is made with the first instance` };
  if (!found.isDirectory())
    return { ...about, status: 'problem', message: `${home} is no directory`, fix: `mv ${home} ${home}.old` };
  const own = process.geteuid?.();
  if (own !== undefined && found.uid !== own)
    return {
      ...about,
      status: 'problem',
      message: `${home} belongs to user ${found.uid}, and you are ${own}`,
      fix: 'Set CCB_HOME to a directory of yours',
    };
  if ((found.mode & 0o022) !== 0)
    return { ...about, status: 'warning', message: `others can write to ${home}`, fix: `chmod go-w ${home}` };
  return { ...about, status: 'ok', message: home };
}

function space(existing: string): Finding {
  const about = { area: 'home', name: 'disk' } as const;
  const { bavail, bsize, ffree, files } = statfsSync(existing);
  const free = Math.floor((bavail * bsize) / MIB);
  const message = `${free} MiB free`;
  if (free < TOO_LITTLE_MIB)
    return { ...about, status: 'problem', message, fix: 'Make room, or set CCB_HOME to another disk' };
  if (free < LITTLE_MIB) return { ...about, status: 'warning', message, fix: 'Make room: answers are journaled there' };
  // Some file systems do not count them.
  if (files > 0 && ffree < FEW_INODES)
    return { ...about, status: 'warning', message: `${ffree} inodes free`, fix: 'Remove files that nobody needs' };
  return { ...about, status: 'ok', message };
}

function fileSystem(existing: string): Finding {
  const about = { area: 'home', name: 'file system' } as const;
  const kind = NETWORK.get(statfsSync(existing).type);
  if (kind === undefined) return { ...about, status: 'ok', message: 'a local one' };
  const message = `${existing} is on ${kind}: pipes and locks may not work across machines`;
  return { ...about, status: 'warning', message, fix: 'Set CCB_HOME to a local directory' };
}
