import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { SessionRequest } from '@ccb/acp';
import { InstanceError, type InstanceInterface } from '@ccb/instance-interface';
import { EXIT } from '../exit-code.ts';
import { parseInstanceName } from '../options/instance-name.ts';
import type { Flags } from '../options/settings.ts';
import { type Runner, withRunner } from '../runner.ts';
import { createNamed, openNamed, type SessionContext } from '../session.ts';

/** `ccb acp [NAME]`: an editor's agent on stdin and stdout. Returns the exit code. */
export function acp(name: string | undefined, version: string, flags: Flags): Promise<number> {
  return withRunner(flags, { endLine: 'on-terminal' }, async (runner) => {
    const { serveAcp } = await import('@ccb/acp');
    const own = name === undefined ? undefined : parseInstanceName(name);
    if (process.stdin.isTTY) runner.notices.info('speaks the Agent Client Protocol: an editor runs it, not a person');
    await serveAcp({
      input: process.stdin,
      output: process.stdout,
      agentInfo: { name: 'ccb', version },
      signal: runner.signals.leaving,
      log: runner.notices.log,
      instances: {
        create: (request) => begin(asked(runner, flags, request), own),
        open: async (id, request) =>
          (await openNamed(asked(runner, flags, request), parseInstanceName(id), { verb: 'acp' })).instance,
        async list() {
          const all = await runner.backends.manager.list();
          return all
            .filter(({ ephemeral }) => !ephemeral)
            .map((each) => ({ name: each.name, workspace: each.record?.workspace }));
        },
      },
    });
    return EXIT.success;
  });
}

/** What the editor says of this session: its directory, and the person there, unless a policy was typed. */
function asked(runner: Runner, flags: Flags, { cwd, permission }: SessionRequest): SessionContext {
  const workspace = flags.workspace === undefined ? cwd : runner.settings.workspace;
  return {
    ...runner,
    permission: flags.permission === undefined ? permission : runner.permission,
    settings: { ...runner.settings, workspace, workspaceNamed: true },
  };
}

/** The instance that was named, made if it is not there; else a new one for each session. Started, so that what is wrong shows now. */
async function begin(context: SessionContext, name: string | undefined): Promise<InstanceInterface> {
  const { backends, signals } = context;
  const isThere = name !== undefined && existsSync(join(backends.home, 'instances', name));
  const session = isThere
    ? await openNamed(context, name, { verb: 'acp' })
    : await createNamed(context, name ?? `acp-${randomBytes(4).toString('hex')}`, 'acp');
  try {
    await session.instance.start({ signal: signals.leaving });
    return session.instance;
  } catch (error) {
    await session.end();
    throw error instanceof Error ? error : new InstanceError('CCB_BACKEND_UNREACHABLE', String(error));
  }
}
