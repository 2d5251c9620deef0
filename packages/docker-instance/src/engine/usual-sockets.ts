import { statSync } from 'node:fs';
import { join } from 'node:path';
import { homeOf } from './endpoint.ts';

/** Where engines put their sockets when nobody says otherwise, the likeliest first. */
export function usualSockets(env: NodeJS.ProcessEnv, system = '/'): readonly string[] {
  const home = homeOf(env);
  const runtime = env.XDG_RUNTIME_DIR;
  const inRuntime = (path: string): readonly string[] => (runtime === undefined ? [] : [join(runtime, path)]);
  return [
    join(system, 'var/run/docker.sock'),
    ...inRuntime('docker.sock'),
    join(home, '.docker/run/docker.sock'),
    join(home, '.docker/desktop/docker.sock'),
    join(home, '.orbstack/run/docker.sock'),
    join(home, '.colima/default/docker.sock'),
    ...inRuntime('podman/podman.sock'),
    join(system, 'run/podman/podman.sock'),
  ];
}

/**
 * The first that is there. Whether an engine answers does not count: while one is restarted, its containers must not be
 * looked for in another.
 */
export function presentSocket(paths: readonly string[]): string | undefined {
  return paths.find((path) => statSync(path, { throwIfNoEntry: false })?.isSocket());
}
