import type { DockerData, DockerRecord } from '../docker-data.ts';

export function sampleRecord(data: Partial<DockerData> = {}, record: Partial<DockerRecord> = {}): DockerRecord {
  return {
    version: 1,
    name: 'box',
    type: 'docker',
    createdAt: '2026-01-02T03:04:05.678Z',
    program: 'shell',
    workspace: '/w',
    ...record,
    data: {
      directory: '/h/instances/box',
      instanceId: '01234567-89ab',
      programArgs: [],
      secrets: ['TOKEN'],
      login: 'instance',
      ephemeral: false,
      containerId: '',
      containerName: 'ccb-box',
      imageName: 'ccb/claude',
      network: 'bridge',
      pull: 'missing',
      transport: 'auto',
      ports: [],
      extraHosts: {},
      networkAliases: [],
      mounts: [],
      user: '1000:1000',
      limits: {},
      security: {},
      adopted: false,
      ownNetwork: false,
      placement: 'mounted',
      root: '/ccb',
      ...data,
    },
  };
}
