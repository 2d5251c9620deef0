import { randomBytes } from 'node:crypto';
import {
  InstanceError,
  type InstanceInterface,
  type InstanceRecord,
  type PermissionPolicy,
} from '@ccb/instance-interface';
import type { Backends } from './backends.ts';
import type { Settings } from './options/settings.ts';
import { chooseProgram } from './program.ts';
import type { Notices } from './terminal/notices.ts';
import { UsageError } from './usage-error.ts';

/** How long the way out may take, in ms. */
const END_MS = 5_000;

export interface SessionContext {
  readonly settings: Settings;
  readonly backends: Backends;
  readonly permission: PermissionPolicy;
  readonly notices: Notices;
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
  const record = await findRecord(backends, name);
  if (record === undefined) {
    throw new InstanceError(
      'CCB_NOT_FOUND',
      `There is no instance "${name}". Make it with "ccb run --keep ${name} TEXT".`,
    );
  }
  check(record);
  notices.info(`${record.program} (${record.type}) in ${record.workspace ?? 'its own directory'}, instance ${name}`);
  const instance = await open(context, record);
  return { instance, program: record.program, end: () => reporting(notices, instance.detach({ timeoutMs: END_MS })) };
}

async function open({ settings, backends, permission, notices }: SessionContext, record: InstanceRecord) {
  try {
    return await backends.registry.open(record, { env: settings.env, permission, log: notices.log });
  } catch (cause) {
    if (cause instanceof TypeError) throw new UsageError(cause.message, { cause });
    throw cause;
  }
}

async function create(context: SessionContext, name: string, ephemeral: boolean): Promise<Session> {
  const { settings, backends, permission, notices } = context;
  requireBackend(backends, settings.backend);
  const program = chooseProgram(settings.program, backends.programs, process.env.PATH);
  if (settings.login !== undefined && program !== 'claude') {
    throw new UsageError(`--login means nothing to ${program}. Add --program claude, or leave it out.`);
  }
  notices.info(
    `${program} (${settings.backend}) in ${settings.workspace}, instance ${name}${ephemeral ? ', gone at the end' : ''}`,
  );
  if (program === 'claude' && settings.backend === 'process') warnUncontained(context);
  const instance = await backends.registry.create({
    type: settings.backend,
    name,
    program,
    programArgs: settings.programArgs,
    workspace: settings.workspace,
    env: settings.env,
    permission,
    login: settings.login,
    ephemeral,
    log: notices.log,
  });
  let cameUp = false;
  instance.onStateChange(({ to }) => {
    cameUp ||= to === 'running';
  });
  const end = (): Promise<void> => {
    const stays = !ephemeral && cameUp;
    return reporting(
      notices,
      stays ? instance.detach({ timeoutMs: END_MS }) : instance.cleanup({ remove: true, timeoutMs: END_MS }),
    );
  };
  return { instance, program, end };
}

function requireBackend({ registry }: Backends, type: string): void {
  if (registry.types.includes(type)) return;
  const advice = `Leave --backend out, or choose one of: ${registry.types.join(', ')}.`;
  throw new InstanceError('CCB_BACKEND_UNKNOWN', `This build of ccb has no backend "${type}". ${advice}`);
}

function warnUncontained({ backends, notices }: SessionContext): void {
  const remedy = backends.registry.types.includes('docker') ? ' --backend docker contains it.' : '';
  notices.warn(`claude is not contained: it can reach whatever you can.${remedy}`);
}

async function findRecord({ registry }: Backends, name: string): Promise<InstanceRecord | undefined> {
  for (const type of registry.types) {
    const found = (await registry.get(type).discover?.()) ?? [];
    const record = found.find((each) => each.ours && each.name === name)?.record;
    if (record !== undefined) return record;
  }
  return undefined;
}

async function reporting(notices: Notices, ending: Promise<void>): Promise<void> {
  try {
    await ending;
  } catch (error) {
    notices.failure(error);
  }
}
