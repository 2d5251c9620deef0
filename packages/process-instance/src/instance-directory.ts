import { chmodSync, copyFileSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { agentFile, type InstanceLayout } from '@ccb/container-agent';
import { InstanceError, type InstanceRecord } from '@ccb/instance-interface';
import { makeFifo } from '@ccb/named-pipe/fifo';

/** Makes the instance's own directory, which must not be there yet. @throws {InstanceError} CCB_NAME_TAKEN */
export function claimDirectory(layout: InstanceLayout, name: string): void {
  mkdirSync(dirname(layout.directory), { recursive: true, mode: 0o700 });
  try {
    mkdirSync(layout.directory, { mode: 0o700 });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
    const message = `There is an instance ${name} already (${layout.directory}). Open that one, remove it, or choose another name.`;
    throw new InstanceError('CCB_NAME_TAKEN', message, { cause, instance: name });
  }
}

/** Fills a claimed directory: the agent's own copy, so that an upgrade or a vanished cache cannot break a running one. */
export async function furnish(layout: InstanceLayout, record: InstanceRecord): Promise<void> {
  for (const directory of [layout.pipesDirectory, layout.state, layout.home]) {
    mkdirSync(directory, { mode: 0o700 });
    // The mode of mkdir is narrowed by the umask only; a default ACL may widen it.
    chmodSync(directory, 0o700);
  }
  copyFileSync(fileURLToPath(agentFile), layout.agentFile);
  await makePipes(layout);
  writeRecord(layout, record);
}

/** Also for an instance whose pipes were lost: existing ones are kept as they are. */
export async function makePipes(layout: InstanceLayout): Promise<void> {
  for (const kind of ['in', 'out', 'ctl']) await makeFifo(`${layout.pipes}.${kind}.fifo`);
}

export function removeDirectory(layout: InstanceLayout): void {
  if (!existsSync(layout.directory)) return;
  rmSync(layout.directory, { recursive: true, force: true, maxRetries: 3, retryDelay: 20 });
}

function writeRecord(layout: InstanceLayout, record: InstanceRecord): void {
  const next = `${layout.record}.new`;
  writeFileSync(next, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });
  renameSync(next, layout.record);
}
