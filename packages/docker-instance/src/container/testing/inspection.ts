import type { ContainerInspection } from '../../engine/engine.ts';

type Parts = Partial<Omit<ContainerInspection, 'state'>> & { readonly state?: Partial<ContainerInspection['state']> };

/** An inspection of a container that was made and never started, but for `parts`. */
export function inspectionOf({ state, ...parts }: Parts = {}): ContainerInspection {
  return {
    id: 'c'.repeat(64),
    name: 'ccb-box',
    image: 'ccb/claude',
    imageId: `sha256:${'1'.repeat(64)}`,
    createdAt: '2026-01-02T03:04:05.678Z',
    labels: {},
    user: '1000:1000',
    tty: false,
    env: [],
    state: {
      status: 'created',
      running: false,
      paused: false,
      exitCode: 0,
      oomKilled: false,
      error: '',
      pid: 0,
      startedAt: undefined,
      finishedAt: undefined,
      health: undefined,
      ...state,
    },
    restartCount: 0,
    mounts: [],
    ports: [],
    networks: {},
    limits: { memoryBytes: undefined, cpus: undefined, pids: undefined },
    readOnlyRootfs: true,
    ...parts,
  };
}
