import { readFileSync } from 'node:fs';
import type { Examination } from './examine.ts';
import type { Finding } from './finding.ts';

const OLDEST_NODE = [20, 19] as const;
/** Each instance that is held has some ten descriptors. */
const FEW_FILES = 1_024;

export async function machineFindings(_: Examination): Promise<readonly Finding[]> {
  return [nodeVersion(process.versions.node), openFiles(readLimits())];
}

export function nodeVersion(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const fits = major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
  const about = { area: 'machine', name: 'node' } as const;
  if (fits) return { ...about, status: 'ok', message: `Node ${version}` };
  const message = `Node ${version} is older than ${OLDEST_NODE.join('.')}`;
  return { ...about, status: 'problem', message, fix: 'Install Node 20.19 or later' };
}

/** @param limits what /proc/self/limits says */
export function openFiles(limits: string | undefined): Finding {
  const about = { area: 'machine', name: 'open files' } as const;
  const [, soft = '', hard = ''] = /^Max open files\s+(\S+)\s+(\S+)/m.exec(limits ?? '') ?? [];
  if (soft === '') return { ...about, status: 'warning', message: 'the limit of open files cannot be read' };
  const message = `at most ${soft} open files, which can be raised to ${hard}`;
  if (soft === 'unlimited' || Number(soft) >= FEW_FILES) return { ...about, status: 'ok', message };
  return { ...about, status: 'warning', message: `${message}: enough for few instances`, fix: `ulimit -n ${hard}` };
}

function readLimits(): string | undefined {
  try {
    return readFileSync('/proc/self/limits', 'utf8');
  } catch {
    return undefined;
  }
}
