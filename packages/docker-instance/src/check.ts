import { accessSync, constants, existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { instanceLayout } from '@ccb/container-agent';
import { type CallOptions, type Check, InstanceError } from '@ccb/instance-interface';
import { planUser } from './container/user.ts';
import type { DockerClient } from './engine/docker-client.ts';
import type { Engine, EngineAbout } from './engine/engine.ts';
import { type EngineShare, shareEngine } from './engine/shared-engine.ts';
import { defaultImage } from './image/default-image.ts';

type Verdict = Omit<Check, 'name'>;

/** What the docker backend needs: an engine that answers and is new enough, the default image, a workspace that fits, a home. */
export async function checkDocker(
  home: string,
  docker: DockerClient | undefined,
  call: CallOptions = {},
): Promise<readonly Check[]> {
  const writes: Check = { name: 'home', ...writable(home) };
  let share: EngineShare;
  try {
    share = shareEngine(docker);
  } catch (error) {
    return [{ name: 'engine', ...problem(error) }, writes];
  }
  using _share = share;
  const { engine } = share;
  try {
    const about = await engine.about(call);
    const found = `${about.kind} ${about.version} at ${engine.address}, version ${about.apiVersion} of the API`;
    return [
      { name: 'engine', status: 'ok', message: about.rootless ? `${found}, rootless` : found },
      { name: 'image', ...(await imageThere(engine, call)) },
      ...(engine.isLocal ? [{ name: 'workspace', ...workspaceFits(home, about) }] : []),
      writes,
    ];
  } catch (error) {
    return [{ name: 'engine', ...problem(error) }, writes];
  }
}

async function imageThere(engine: Engine, call: CallOptions): Promise<Verdict> {
  if ((await engine.inspectImage(defaultImage, call)) !== undefined)
    return { status: 'ok', message: `the image ${defaultImage} is there` };
  return {
    status: 'warning',
    message: `there is no image ${defaultImage}, which is taken where none is named`,
    fix: 'ccb image build',
  };
}

/** Would the program be able to work in the current directory? */
function workspaceFits(home: string, about: EngineAbout): Verdict {
  const workspace = process.cwd();
  const layout = instanceLayout(join(home, 'instances', 'check'), 'check');
  try {
    const { user } = planUser({ spec: { name: 'check', workspace }, layout, about });
    return { status: 'ok', message: `in ${workspace} the program is user ${user}` };
  } catch (error) {
    // It is one workspace of many.
    return { ...problem(error), status: 'warning' };
  }
}

function writable(home: string): Verdict {
  let existing = home;
  while (!existsSync(existing)) existing = dirname(existing);
  try {
    accessSync(existing, constants.W_OK | constants.X_OK);
    return { status: 'ok', message: `${home} can be written` };
  } catch {
    const fix = `Set CCB_HOME to a directory of yours, or: chmod u+rwx ${existing}`;
    return { status: 'problem', message: `${existing} cannot be written`, fix };
  }
}

/** The messages of this package say what to do. @throws what is none of them */
function problem(error: unknown): Verdict {
  if (!InstanceError.is(error) && !(error instanceof TypeError)) throw error;
  return { status: 'problem', message: error.message };
}
