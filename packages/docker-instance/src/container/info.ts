import type { InstanceInfo } from '@ccb/instance-interface';
import type { ContainerInspection, ContainerUsage, ImageInspection } from '../engine/engine.ts';

/** A container as the engine knows it. Nothing of its environment: somebody else may keep secrets there. */
export interface ContainerInfo {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly imageDigest?: string | undefined;
  /** created, running, paused, restarting, removing, exited, dead */
  readonly status: string;
  /** Where the image has a health check. */
  readonly health?: string | undefined;
  /** Of one that has ended. */
  readonly exitCode?: number | undefined;
  readonly oomKilled: boolean;
  readonly restartCount: number;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly startedAt?: string | undefined;
  readonly finishedAt?: string | undefined;
  /** `host` is absent where it is not published. */
  readonly ports: readonly {
    readonly container: number;
    readonly host?: number | undefined;
    readonly hostIp?: string | undefined;
    readonly protocol: string;
  }[];
  readonly volumes: readonly { readonly source: string; readonly target: string; readonly readOnly: boolean }[];
  readonly networks: Readonly<Record<string, { readonly address: string }>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly limits: {
    readonly memoryBytes?: number | undefined;
    readonly cpus?: number | undefined;
    readonly pids?: number | undefined;
  };
  /** What it uses now, where that was asked for. */
  readonly usage?: ContainerUsage | undefined;
}

export interface DockerInfo extends InstanceInfo {
  /** Absent while there is none, or the engine does not answer. */
  readonly container?: ContainerInfo | undefined;
}

export function dockerInfo(found: ContainerInspection, image?: ImageInspection, usage?: ContainerUsage): ContainerInfo {
  const { status, health, exitCode, oomKilled, startedAt, finishedAt } = found.state;
  const ended = status === 'exited' || status === 'dead';
  return {
    id: found.id,
    name: found.name,
    image: found.image,
    imageDigest: image?.digest,
    status,
    health,
    exitCode: ended ? exitCode : undefined,
    oomKilled,
    restartCount: found.restartCount,
    createdAt: found.createdAt,
    startedAt,
    finishedAt,
    ports: found.ports.map(({ container, host, hostIp, protocol }) => ({ container, host, hostIp, protocol })),
    volumes: found.mounts.map(({ source, target, readOnly }) => ({ source, target, readOnly })),
    networks: Object.fromEntries(Object.entries(found.networks).map(([name, { address }]) => [name, { address }])),
    labels: found.labels,
    limits: found.limits,
    usage,
  };
}
