import { randomBytes } from 'node:crypto';
import {
  type Backend,
  InstanceError,
  type InstanceInterface,
  type InstanceRecord,
  type InstanceSpec,
  type PermissionPolicy,
} from '@ccb/instance-interface';
import type { Backends } from './backends.ts';
import { keptRecord } from './kept-record.ts';
import { settled } from './options/origin.ts';
import type { Settings } from './options/settings.ts';
import { chooseProgram } from './program.ts';
import type { Signals } from './signals.ts';
import type { Notices } from './terminal/notices.ts';
import type { StatusLine } from './terminal/status-line.ts';
import { UsageError } from './usage-error.ts';

export interface SessionContext {
  readonly settings: Settings;
  readonly backends: Backends;
  readonly permission: PermissionPolicy;
  readonly notices: Notices;
  readonly status: StatusLine;
  readonly signals: Signals;
}

/** One instance for the life of one `ccb`. */
export interface Session {
  readonly instance: InstanceInterface;
  readonly program: string;
  /** Removes what was ephemeral, lets go of what has a name. Reports what fails and never throws. */
  end(): Promise<void>;
}

/** An instance that is gone at the end, with a name that nobody else has. */
export function createEphemeral(context: SessionContext, verb: 'run' | 'chat'): Promise<Session> {
  return create(context, `${verb}-${randomBytes(4).toString('hex')}`, true);
}

/** An instance that stays, unless it never came up. @throws {InstanceError} CCB_NAME_TAKEN */
export async function createNamed(context: SessionContext, name: string): Promise<Session> {
  try {
    return await create(context, name, false);
  } catch (cause) {
    if (!InstanceError.is(cause, 'CCB_NAME_TAKEN')) throw cause;
    const advice = `Talk to it with "ccb chat ${name}", or keep this one under another name.`;
    throw new InstanceError('CCB_NAME_TAKEN', `There is an instance "${name}" already. ${advice}`, { cause });
  }
}

/** @throws {InstanceError} CCB_NOT_FOUND, CCB_LOCKED, what the backend says; what `check` throws */
export async function openNamed(
  context: SessionContext,
  name: string,
  check: (record: InstanceRecord) => void,
): Promise<Session> {
  const { backends, notices } = context;
  const record = keptRecord(backends.home, name);
  if (record === undefined) {
    throw new InstanceError(
      'CCB_NOT_FOUND',
      `There is no instance "${name}". Make it with "ccb run --keep ${name} TEXT".`,
    );
  }
  check(record);
  const { program, type, workspace } = record;
  const { backend, describe, endMs } = await backends.load(type);
  const place = describe(settled(record, 'imageName'));
  notices.info(`${program} (${place}) in ${workspace ?? 'its own directory'}, instance ${name}`);
  const instance = await open(context, backend, record);
  return { instance, program, end: () => reporting(notices, instance.detach({ timeoutMs: endMs })) };
}

async function open(
  { settings, permission, notices, status }: SessionContext,
  backend: Backend,
  record: InstanceRecord,
): Promise<InstanceInterface> {
  status.start(`waiting for ${record.type}`);
  try {
    return await backend.open(record, {
      env: settings.env,
      permission,
      log: notices.log,
    });
  } catch (cause) {
    if (cause instanceof TypeError) throw new UsageError(cause.message, { cause });
    throw cause;
  } finally {
    status.stop();
  }
}

async function create(context: SessionContext, name: string, ephemeral: boolean): Promise<Session> {
  const { settings, backends, notices, status, signals } = context;
  const place = await backends.load(settings.backend);
  const { image } = settings.container;
  const program = chooseProgram(settings.program, backends.programs, () => place.hasClaude(image));
  if (settings.login !== undefined && program !== 'claude') {
    throw new UsageError(`--login means nothing to ${program}. Add --program claude, or leave it out.`);
  }
  const spec = specOf(context, place.backend, { name, program, ephemeral });
  const where = `${program} (${place.describe(image)}) in ${settings.workspace}`;
  notices.info(`${where}, instance ${name}${ephemeral ? ', gone at the end' : ''}`);
  if (program === 'claude' && !place.contained) {
    notices.warn('claude is not contained: it can reach whatever you can. --backend docker contains it.');
  }
  status.start(`waiting for ${settings.backend}`);
  let instance: InstanceInterface;
  try {
    instance = await place.backend.create(spec, { signal: signals.leaving });
  } finally {
    status.stop();
  }
  if (instance.record.workspace === undefined) {
    notices.info(`the engine is another machine's: the workspace is a volume there, not ${settings.workspace}`);
  }
  let cameUp = false;
  instance.onStateChange(({ to }) => {
    cameUp ||= to === 'running';
  });
  const end = (): Promise<void> => {
    const stays = !ephemeral && cameUp;
    const timeoutMs = place.endMs;
    return reporting(notices, stays ? instance.detach({ timeoutMs }) : instance.cleanup({ remove: true, timeoutMs }));
  };
  return { instance, program, end };
}

/** @throws {UsageError} for what the backend cannot make sense of */
function specOf(
  { settings, permission, notices }: SessionContext,
  backend: Backend,
  own: { readonly name: string; readonly program: string; readonly ephemeral: boolean },
): InstanceSpec {
  const { programArgs, env, login, container } = settings;
  const workspace = settings.workspaceNamed ? settings.workspace : undefined;
  try {
    const log = notices.log;
    return backend.parseSpec({
      type: backend.type,
      ...own,
      programArgs,
      workspace,
      env,
      permission,
      login,
      log,
      ...container,
    });
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    // What the backend calls a field was an option here.
    const message = cause.message.replace(/^docker: (image|network|user)\b/, '--$1');
    throw new UsageError(message.replace(/([^.])$/, '$1.'), { cause });
  }
}

async function reporting(notices: Notices, ending: Promise<void>): Promise<void> {
  try {
    await ending;
  } catch (error) {
    notices.failure(error);
  }
}
