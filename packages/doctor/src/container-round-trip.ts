import { randomBytes } from 'node:crypto';
import { chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InstanceError } from '@ccb/instance-interface';
import type { Examination } from './examine.ts';
import type { Finding } from './finding.ts';

const ROUNDS = 20;
const END_MS = 20_000;
const NOBODY = 1_000;

/** Makes a container, talks to its agent, and removes it: what `auto` chooses is what was chosen for it. */
export async function containerFindings(examination: Examination): Promise<readonly Finding[]> {
  const { manager, image, signal } = examination;
  if (!manager.types.includes('docker')) return [];
  const about = { area: 'docker', name: 'round trip' } as const;
  try {
    return await roundTrips(examination);
  } catch (error) {
    signal.throwIfAborted();
    if (InstanceError.is(error, 'CCB_BACKEND_UNREACHABLE'))
      return [{ ...about, status: 'warning', message: 'not tried: no engine answers' }];
    if (InstanceError.is(error, 'CCB_NOT_FOUND') && image === undefined)
      return [{ ...about, status: 'warning', message: 'not tried: there is no image', fix: 'ccb image build' }];
    const message = error instanceof Error ? error.message : String(error);
    return [{ ...about, status: 'problem', message }];
  }
}

async function roundTrips({ manager, image, signal }: Examination): Promise<readonly Finding[]> {
  const name = `doctor-${randomBytes(4).toString('hex')}`;
  const workspace = mkdtempSync(join(tmpdir(), 'ccb-doctor-'));
  try {
    // A container's program is not root, also where this process is.
    if (process.geteuid?.() === 0) chownSync(workspace, NOBODY, NOBODY);
    return await roundTripsIn(workspace, name, { manager, image, signal });
  } finally {
    rmSync(workspace, { recursive: true, force: true });
  }
}

async function roundTripsIn(
  workspace: string,
  name: string,
  { manager, image, signal }: Pick<Examination, 'manager' | 'image' | 'signal'>,
): Promise<readonly Finding[]> {
  const spec = { type: 'docker', name, workspace, program: 'echo', ephemeral: true, network: 'none', pull: 'never' };
  const since = performance.now();
  const instance = await manager.create({ ...spec, ...(image !== undefined && { image }) }, { signal });
  try {
    await instance.start({ signal });
    const startMs = performance.now() - since;
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const asked = performance.now();
      const { output } = await instance.sendCommandAndWait(`round ${round}`, { signal });
      if (output.trim() !== `round ${round}`)
        throw new Error(`the answer to "round ${round}" was ${JSON.stringify(output)}`);
      times.push(performance.now() - asked);
    }
    const { transport = 'unknown' } = await instance.getInfo({ signal });
    const median = [...times].sort((one, other) => one - other)[ROUNDS / 2] ?? 0;
    const took = `${median.toFixed(1)} ms each, after a start of ${Math.round(startMs)} ms`;
    return [
      { area: 'docker', name: 'round trip', status: 'ok', message: `${ROUNDS} commands through a container, ${took}` },
      transportFinding(transport),
    ];
  } finally {
    // Also when the examination is given up.
    await manager.discard(instance, { timeoutMs: END_MS });
  }
}

function transportFinding(transport: string): Finding {
  const about = { area: 'docker', name: 'transport' } as const;
  if (transport === 'fifo')
    return { ...about, status: 'ok', message: 'auto takes FIFOs, which come through the mount' };
  return {
    ...about,
    status: 'warning',
    message: `auto takes ${transport}: FIFOs do not come through the mount, as with an engine in a virtual machine`,
    fix: 'Nothing has to be done: it is slower, not less safe',
  };
}
