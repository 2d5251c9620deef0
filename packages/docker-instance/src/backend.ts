import { resolve } from 'node:path';
import { defaultHome } from '@ccb/container-agent';
import type { Backend, CreateOptions, InstanceRecord } from '@ccb/instance-interface';
import { checkDocker } from './check.ts';
import { discoverContainers } from './container/discover.ts';
import { type DockerSpec, parseDockerSpec } from './container/docker-spec.ts';
import { dockerStates } from './container/live-states.ts';
import { pruneDocker } from './container/prune.ts';
import { sweepEphemeral } from './container/sweep.ts';
import { createContainer } from './create.ts';
import { DockerContainer, type DockerOptions } from './docker-container.ts';
import type { DockerClient } from './engine/docker-client.ts';
import { shareEngine } from './engine/shared-engine.ts';
import { renameDocker } from './rename.ts';

export interface DockerBackendOptions {
  /** A dockerode client of the caller's, for all instances: used, never closed. */
  readonly docker?: DockerClient | undefined;
  /** Where instances are kept. Default `$CCB_HOME`, else `$XDG_STATE_HOME/ccb`, else `~/.local/state/ccb`. */
  readonly home?: string | undefined;
}

type Base = Backend<DockerSpec, DockerContainer>;
export type DockerBackend = Base &
  Required<Pick<Base, 'discover' | 'check' | 'states' | 'prune' | 'adopting' | 'rename'>>;

/** Agents in Docker containers. */
export function dockerBackend(options: DockerBackendOptions = {}): DockerBackend {
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
    async states(records, call) {
      using share = shareEngine(docker);
      return await dockerStates(share.engine, records, call);
    },
    async prune(prune) {
      using share = shareEngine(docker);
      return await pruneDocker(share.engine, home, prune);
    },
    adopting: (spec, target) => parseDockerSpec({ ...spec, adopt: { container: target } }),
    async rename(record, name, call) {
      using share = shareEngine(docker);
      return await renameDocker(share.engine, record, name, call);
    },
  };
}
