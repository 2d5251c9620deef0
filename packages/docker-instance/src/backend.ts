import { resolve } from 'node:path';
import { defaultHome } from '@ccb/container-agent';
import type { Backend, CallOptions, Check, CreateOptions, Discovered, InstanceRecord } from '@ccb/instance-interface';
import { checkDocker } from './check.ts';
import { discoverContainers } from './container/discover.ts';
import { type DockerSpec, parseDockerSpec } from './container/docker-spec.ts';
import { sweepEphemeral } from './container/sweep.ts';
import { createContainer } from './create.ts';
import { DockerContainer, type DockerOptions } from './docker-container.ts';
import type { DockerClient } from './engine/docker-client.ts';
import { shareEngine } from './engine/shared-engine.ts';

export interface DockerBackendOptions {
  /** A dockerode client of the caller's, for all instances: used, never closed. */
  readonly docker?: DockerClient | undefined;
  /** Where instances are kept. Default `$CCB_HOME`, else `$XDG_STATE_HOME/ccb`, else `~/.local/state/ccb`. */
  readonly home?: string | undefined;
}

/** Agents in Docker containers. */
export function dockerBackend(options: DockerBackendOptions = {}): Backend<DockerSpec, DockerContainer> & {
  discover(call?: CallOptions): Promise<readonly Discovered[]>;
  check(call?: CallOptions): Promise<readonly Check[]>;
} {
  const { docker } = options;
  const home = resolve(options.home ?? defaultHome());
  return {
    type: 'docker',
    parseSpec: parseDockerSpec,
    async create(spec: DockerSpec, create?: CreateOptions): Promise<DockerContainer> {
      if (spec.ephemeral) {
        using share = shareEngine(docker);
        await sweepEphemeral(share.engine, home, create);
      }
      return await createContainer(spec, { ...create, docker, home });
    },
    open: (record: InstanceRecord, open?: DockerOptions) => DockerContainer.open(record, { docker, ...open }),
    async discover(call) {
      using share = shareEngine(docker);
      return await discoverContainers(share.engine, home, call);
    },
    check: (call) => checkDocker(home, docker, call),
  };
}
