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

export interface OpenNamed {
  /** What a second holder is told. */
  readonly verb: string;
  /** Throws where what was typed is not what it was made with. */
  readonly check?: ((record: InstanceRecord) => void) | undefined;
  /** Beside its holder, and without a word about it. */
  readonly mode?: 'observe' | undefined;
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
  return create(context, { name: `${verb}-${randomBytes(4).toString('hex')}`, verb, ephemeral: true });
}

/** An instance that stays, unless it never came up. @throws {InstanceError} CCB_NAME_TAKEN */
export async function createNamed(context: SessionContext, name: string, verb: string): Promise<Session> {
  try {
    return await create(context, { name, verb, ephemeral: false });
  } catch (cause) {
    if (!InstanceError.is(cause, 'CCB_NAME_TAKEN')) throw cause;
    const advice = `Talk to it with "ccb chat ${name}", remove it with "ccb rm ${name}", or choose another name.`;
    const what = /already( \([^)]*\))?/.exec(cause.message)?.[0] ?? 'already';
    throw new InstanceError('CCB_NAME_TAKEN', `There is an instance "${name}" ${what}. ${advice}`, { cause });
  }
}

/** An instance of something that is there, which stays when the instance goes. @throws {InstanceError} CCB_NOT_FOUND, CCB_NAME_TAKEN */
export function adoptNamed(context: SessionContext, name: string, target: string): Promise<Session> {
  return create(context, { name, verb: 'adopt', ephemeral: false, target });
}

/** @throws {InstanceError} CCB_NOT_FOUND, CCB_LOCKED, what the backend says; what `check` throws */
export async function openNamed(
  context: SessionContext,
  name: string,
  { verb, check, mode }: OpenNamed,
): Promise<Session> {
  const { backends, notices, settings, permission, status, signals } = context;
  const record = recordOf(context, name);
  check?.(record);
  const { program, type, workspace } = record;
  const { describe, endMs } = await backends.place(type);
  const place = describe(settled(record, 'imageName'));
  if (verb === 'chat' || verb === 'attach')
    notices.info(`${program} (${place}) in ${workspace ?? 'its own directory'}, instance ${name}`);
  status.start(`waiting for ${type}`);
  try {
    const instance = await backends.manager.open(name, {
      ...(mode === 'observe' ? { mode } : { env: settings.env, wait: settings.wait }),
      permission,
      log: notices.log,
      holder: `ccb ${verb} ${name}`,
      signal: signals.leaving,
    });
    return { instance, program, end: () => reporting(notices, instance.detach({ timeoutMs: endMs })) };
  } catch (cause) {
    if (cause instanceof TypeError) throw new UsageError(cause.message, { cause });
    throw cause;
  } finally {
    status.stop();
  }
}

/** Opens an instance for `work` and lets go of it. */
export async function withNamed<T>(
  context: SessionContext,
  name: string,
  options: OpenNamed,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await openNamed(context, name, options);
  try {
    return await work(session);
  } finally {
    await session.end();
  }
}

function recordOf({ backends }: SessionContext, name: string): InstanceRecord {
  try {
    return backends.manager.record(name);
  } catch (cause) {
    if (!InstanceError.is(cause, 'CCB_NOT_FOUND')) throw cause;
    const advice = `Make it with "ccb create ${name}"; "ccb ls" shows what there is.`;
    throw new InstanceError('CCB_NOT_FOUND', `There is no instance "${name}". ${advice}`, { cause });
  }
}

interface Wanted {
  readonly name: string;
  readonly verb: string;
  readonly ephemeral: boolean;
  /** What is adopted, as a person names it. */
  readonly target?: string | undefined;
}

async function create(context: SessionContext, { name, verb, ephemeral, target }: Wanted): Promise<Session> {
  const { settings, backends, notices, status, signals } = context;
  const { types } = backends.manager;
  if (!types.includes(settings.backend))
    throw new UsageError(
      `--backend "${settings.backend}" is none that this ccb has. Choose one of: ${types.join(', ')}.`,
    );
  const place = await backends.place(settings.backend);
  const backend = await backends.manager.backend(settings.backend);
  const { image } = settings.container;
  const program = chooseProgram(settings.program, backends.programs, () => place.hasClaude(image));
  if (settings.login !== undefined && program !== 'claude') {
    throw new UsageError(`--login means nothing to ${program}. Add --program claude, or leave it out.`);
  }
  if (program === 'acp' && settings.programArgs.length === 0) {
    throw new UsageError('--program acp needs its command line: --program-arg node --program-arg agent.mjs.');
  }
  const spec = specOf(context, backend, { name, program, ephemeral });
  const where = `${program} (${place.describe(image)}) in ${settings.workspace}`;
  notices.info(`${where}, instance ${name}${ephemeral ? ', gone at the end' : ''}`);
  if (program === 'claude' && !place.contained) {
    notices.warn('claude is not contained: it can reach whatever you can. --backend docker contains it.');
  }
  status.start(`waiting for ${settings.backend}`);
  let instance: InstanceInterface;
  try {
    const options = { signal: signals.leaving, holder: `ccb ${verb} ${name}` };
    const { manager } = backends;
    instance = await (target === undefined ? manager.create(spec, options) : manager.adopt(spec, target, options));
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
    if (stays) return reporting(notices, instance.detach({ timeoutMs }));
    return reporting(notices, backends.manager.discard(instance, { timeoutMs }));
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
      ...settings.backendSpec,
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
