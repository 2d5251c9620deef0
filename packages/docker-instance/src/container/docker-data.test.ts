import { expect, test } from 'vitest';
import { asDockerRecord } from './docker-data.ts';

const data = {
  directory: '/h/instances/box',
  instanceId: '0123-4567',
  programArgs: [],
  secrets: ['TOKEN'],
  login: 'instance',
  ephemeral: false,
  engine: 'unix:///run/user/1000/podman/podman.sock',
  containerId: 'a'.repeat(64),
  containerName: 'ccb-box',
  imageName: 'ccb/claude',
  network: 'bridge',
  pull: 'missing',
  transport: 'auto',
  ports: [{ container: 80, host: 8080 }],
  extraHosts: { db: '10.0.0.7' },
  networkAliases: [],
  mounts: [{ source: '/a', target: '/b', readOnly: true }],
  user: '1000:1000',
  limits: { pids: 100 },
  security: { capAdd: ['KILL'] },
  adopted: false,
  ownNetwork: false,
  placement: 'mounted',
  root: '/ccb',
};
const record = {
  version: 1 as const,
  name: 'box',
  type: 'docker',
  createdAt: '2026-01-02T03:04:05.678Z',
  program: 'shell',
  workspace: '/w',
  data,
};
const { user: _user, ...containerless } = {
  ...data,
  adopted: true,
  placement: 'injected',
  network: 'their_net',
  root: '/root/.ccb-box-0a1b2c3d',
};

test('a record that this backend wrote is read, and survives JSON', () => {
  expect(asDockerRecord(JSON.parse(JSON.stringify(record)))).toEqual(record);
  const early = { ...record, data: { ...data, containerId: '' } };
  expect(asDockerRecord(early)).toEqual(early);
  const adopted = { ...record, data: containerless };
  expect(asDockerRecord(adopted)).toEqual(adopted);
});

test.each(['/', '/root', '/root/.ccb-', '../.ccb-x', '/x y/.ccb-a'])(
  'what is removed from an adopted container is never %s',
  (root) => {
    const adopted = { ...record, data: { ...containerless, root } };
    expect(() => asDockerRecord(adopted)).toThrow(/data\.root/);
  },
);

test('what a record does not say of networks, mounts and limits is nothing special', () => {
  const { pull, transport, ports, extraHosts, networkAliases, mounts, limits, security, ownNetwork, root, ...least } =
    data;
  expect(asDockerRecord({ ...record, data: least }).data).toEqual({
    ...data,
    ports: [],
    extraHosts: {},
    mounts: [],
    limits: {},
    security: {},
  });
});

test.each([
  ['directory', undefined],
  ['instanceId', undefined],
  ['engine', undefined],
  ['engine', '/var/run/docker.sock'],
  ['containerId', undefined],
  ['containerId', '../etc'],
  ['containerName', undefined],
  ['containerName', '/x'],
  ['imageName', undefined],
  ['imageName', ''],
  ['network', undefined],
  ['network', 7],
  ['pull', 'x'],
  ['transport', 'x'],
  ['ports[0].container', [{ container: 0 }]],
  ['extraHosts', 'x'],
  ['networkAliases', 'x'],
  ['mounts[0].target', [{ source: '/a', target: '/ccb/agent' }]],
  ['user', undefined],
  ['user', '1000'],
  ['user', 'node:node'],
  ['limits.pids', { pids: 0 }],
  ['security', { privileged: true }],
  ['adopted', undefined],
  ['ownNetwork', 1],
  ['placement', undefined],
  ['placement', 'none'],
])('data.%s: %j is invalid, and named', (field, value) => {
  const key = field.split(/[.[]/, 1)[0] as string;
  expect(() => asDockerRecord({ ...record, data: { ...data, [key]: value } })).toThrow(
    expect.objectContaining({ code: 'CCB_RECORD_INVALID', message: expect.stringContaining(`data.${field} `) }),
  );
});

test('an adopted container has no mounts of ours', () => {
  expect(() => asDockerRecord({ ...record, data: { ...containerless, placement: 'mounted' } })).toThrow(
    /data\.placement/,
  );
});

test.each([undefined, null, 'x'])('data that is %j is invalid', (value) => {
  expect(() => asDockerRecord({ ...record, data: value })).toThrow(
    expect.objectContaining({ code: 'CCB_RECORD_INVALID' }),
  );
});

test('a record of another type is refused', () => {
  expect(() => asDockerRecord({ ...record, type: 'process' })).toThrow(/process/);
});
