import { type CallOptions, InstanceError } from '@ccb/instance-interface';
import type { EngineAbout } from './engine.ts';
import { Fields } from './fields.ts';
import type { Wire } from './wire.ts';

const OLDEST = { major: 1, minor: 41 };

/** @throws {InstanceError} CCB_NOT_SUPPORTED: it is too old */
export async function aboutEngine(wire: Wire, call?: CallOptions): Promise<EngineAbout> {
  const asked = { doing: 'say what it is', subject: { kind: 'engine', name: wire.address } } as const;
  const [version, info] = await Promise.all([
    wire.askFields({ ...asked, method: 'GET', path: '/version', needs: ['ApiVersion'] }, call),
    wire.askFields({ ...asked, method: 'GET', path: '/info' }, call),
  ]);
  const apiVersion = version.text('ApiVersion');
  if (isTooOld(apiVersion)) {
    const said = `The engine at ${wire.address} is too old: it speaks version ${apiVersion} of the Docker API`;
    throw new InstanceError('CCB_NOT_SUPPORTED', `${said}, and 1.41 (Docker 20.10, podman 4) is needed. Update it.`);
  }
  return {
    version: version.text('Version'),
    apiVersion,
    kind: kindOf(version),
    os: version.text('Os'),
    rootless: info.texts('SecurityOptions').some((option) => /^name=rootless\b/.test(option)),
  };
}

/** An engine of another make names itself among its components. */
function kindOf(version: Fields): string {
  const names = version.list('Components').map((component) => new Fields(component).text('Name'));
  return names.some((name) => /podman/i.test(name)) ? 'podman' : 'docker';
}

function isTooOld(apiVersion: string): boolean {
  const [major = 0, minor = 0] = apiVersion.split('.').map(Number);
  return major < OLDEST.major || (major === OLDEST.major && minor < OLDEST.minor);
}
