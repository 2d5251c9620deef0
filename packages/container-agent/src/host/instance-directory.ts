import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CallOptions, InstanceError, type InstanceRecord, parseRecord } from '@ccb/instance-interface';
import { makeFifo } from '@ccb/named-pipe/fifo';
import { acquireLock, type FileLock } from '@ccb/named-pipe/lock';
import { agentFileFor } from '../agent-file.ts';
import { type InstanceLayout, instanceLayout } from './layout.ts';
import { discardDirectory, unfinished } from './leftovers.ts';
import { writeRecord } from './own-record.ts';
import { removeTree } from './remove-tree.ts';

/** A record whose directory can be proven to be the instance's own. */
export type OwnedRecord = InstanceRecord<string, { readonly instanceId: string }>;

export interface ClaimOptions extends CallOptions {
  /** What a refused caller is told about the holder. Default: the name of the script that runs. */
  readonly holder?: string | undefined;
}

/** @throws {InstanceError} CCB_NAME_TAKEN when the instance's own directory is there already */
export function assertFree(layout: InstanceLayout, name: string): void {
  // An empty one is what a creation or a removal left that was killed.
  const found = statSync(layout.directory, { throwIfNoEntry: false });
  if (found !== undefined && (!found.isDirectory() || filesIn(layout.directory).length > 0))
    throw takenError(layout, name);
}

/**
 * Makes the instance's own directory, which must not be there yet, with its record in it and its hold taken: all three are
 * there at once, whatever kills this process. Whoever sees the directory can read whose it is, and that it is held.
 * @returns the hold
 * @throws {InstanceError} CCB_NAME_TAKEN
 */
export async function claimDirectory(
  layout: InstanceLayout,
  record: InstanceRecord,
  { holder, ...call }: ClaimOptions = {},
): Promise<FileLock> {
  const parent = dirname(layout.directory);
  mkdirSync(parent, { recursive: true, mode: 0o700 });
  const staged = instanceLayout(unfinished(layout.directory), record.name);
  mkdirSync(staged.directory, { mode: 0o700 });
  try {
    const lock = await acquireLock(staged.lock, { ...call, command: holder });
    try {
      writeRecord(staged, record);
      renameSync(staged.directory, layout.directory);
      return lock;
    } catch (error) {
      await lock.release();
      throw error;
    }
  } catch (cause) {
    removeTree(staged.directory);
    const { code = '' } = cause as NodeJS.ErrnoException;
    throw ['EEXIST', 'ENOTEMPTY', 'ENOTDIR'].includes(code) ? takenError(layout, record.name, cause) : cause;
  }
}

/** Fills a claimed directory. Also one whose filling was cut off: what is there is kept as it is. */
export async function furnish(layout: InstanceLayout, program: string): Promise<void> {
  makeDirectories(layout);
  await makePipes(layout);
  placeAgent(layout, program);
}

export function makeDirectories(layout: InstanceLayout): void {
  for (const directory of [layout.pipesDirectory, layout.state, layout.home, layout.agentDirectory]) {
    if (statSync(directory, { throwIfNoEntry: false })) continue;
    mkdirSync(directory, { mode: 0o700 });
    // The mode of mkdir is narrowed by the umask only; a default ACL may widen it.
    chmodSync(directory, 0o700);
  }
}

/** The agent's own copy, so that an upgrade or a vanished cache cannot break a running one. What is there is whole. */
export function placeAgent({ agentFile: own }: InstanceLayout, program: string): void {
  if (statSync(own, { throwIfNoEntry: false })) return;
  copyFileSync(fileURLToPath(agentFileFor(program)), `${own}.new`);
  renameSync(`${own}.new`, own);
}

/**
 * Also for an instance whose pipes were lost: existing ones are kept as they are.
 * @param options.mode permission bits of new ones, whatever the umask says; default 0o660
 */
export async function makePipes(
  layout: InstanceLayout,
  options: { readonly mode?: number | undefined } = {},
): Promise<void> {
  for (const kind of ['in', 'out', 'ctl']) await makeFifo(`${layout.pipes}.${kind}.fifo`, options);
}

/**
 * A record is a word of its owner's; what lies in the directory proves it. So a wrong path in a record harms nothing.
 * @throws {InstanceError} CCB_NOT_FOUND when the directory is gone, CCB_RECORD_INVALID when it is not this instance's
 */
export function assertOwn(layout: InstanceLayout, record: OwnedRecord): void {
  const { directory } = layout;
  const { name } = record;
  const reason = exists(layout) ? whyForeign(layout, record) : undefined;
  // Also where it went while it was looked at.
  if (!exists(layout)) {
    const message = `${name}: its directory ${directory} is gone. The instance was removed; create it again, or forget its record.`;
    throw new InstanceError('CCB_NOT_FOUND', message, { instance: name });
  }
  if (reason === undefined) return;
  const message = `${name}: ${directory} is not its directory: ${reason}. Nothing was touched; correct the record, or remove by hand what is yours.`;
  throw new InstanceError('CCB_RECORD_INVALID', message, { instance: name });
}

/** Removes it with all that is in it; nothing to do when it is gone. @throws {InstanceError} CCB_RECORD_INVALID when it is not this instance's */
export function removeDirectory(layout: InstanceLayout, record: OwnedRecord): void {
  if (!exists(layout)) return;
  assertOwn(layout, record);
  discard(layout);
}

/** Without a look at what it is: for a directory that was claimed just now. */
export function discard(layout: InstanceLayout): void {
  discardDirectory(layout.directory);
}

function whyForeign(layout: InstanceLayout, record: OwnedRecord): string | undefined {
  let text: string;
  try {
    text = readFileSync(layout.record, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') return `its record cannot be read (${String(error)})`;
    return onlyFurniture(layout) ? undefined : 'it has no instance.json, and holds other things';
  }
  try {
    const own = parseRecord(JSON.parse(text));
    // Not the name: a directory that was moved has its old one in it.
    const same = own.type === record.type && instanceIdOf(own) === record.data.instanceId;
    return same ? undefined : `it belongs to ${own.name}, made at ${own.createdAt}`;
  } catch (error) {
    return `its instance.json is broken (${error instanceof Error ? error.message : String(error)})`;
  }
}

function instanceIdOf({ data }: InstanceRecord): string {
  const { instanceId } = (data ?? {}) as { readonly instanceId?: unknown };
  if (typeof instanceId !== 'string') throw new TypeError('data.instanceId must be a string');
  return instanceId;
}

/** What a creation that was cut off leaves: the record comes last. */
function onlyFurniture(layout: InstanceLayout): boolean {
  const { record, lock, pipesDirectory, state, home, agentDirectory } = layout;
  const known: readonly string[] = [`${record}.new`, lock, pipesDirectory, state, home, agentDirectory].map((path) =>
    basename(path),
  );
  return filesIn(layout.directory).every((name) => known.includes(name));
}

function filesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function exists(layout: InstanceLayout): boolean {
  return statSync(layout.directory, { throwIfNoEntry: false }) !== undefined;
}

function takenError(layout: InstanceLayout, name: string, cause?: unknown): InstanceError {
  const message = `There is an instance ${name} already (${layout.directory}). Open that one, remove it, or choose another name.`;
  return new InstanceError('CCB_NAME_TAKEN', message, { cause, instance: name });
}
