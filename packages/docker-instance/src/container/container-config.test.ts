import { instanceLayout } from '@ccb/container-agent';
import { expect, test } from 'vitest';
import type { ContainerConfig, HostConfig } from '../engine/engine.ts';
import { type ConfigScene, containerConfig } from './container-config.ts';
import type { DockerData, DockerRecord } from './docker-data.ts';
import { sampleRecord } from './testing/record.ts';

const GIB = 1024 ** 3;
const machine = { memoryBytes: 16 * GIB, cpus: 8 };

function config(
  data: Partial<DockerData> = {},
  { record, ...scene }: Partial<Omit<ConfigScene, 'record'>> & { readonly record?: Partial<DockerRecord> } = {},
): ContainerConfig & { readonly HostConfig: HostConfig } {
  const made = containerConfig({
    record: sampleRecord(data, record),
    layout: instanceLayout('/h/instances/box', 'box'),
    plan: { user: '1000:1000', groupAdd: [] },
    about: { rootless: false },
    machine,
    ...scene,
  });
  return { ...made, HostConfig: made.HostConfig ?? {} };
}

test('by default a container has as little as an agent needs', () => {
  expect(config()).toEqual({
    Image: 'ccb/claude',
    Entrypoint: ['node', '/ccb/agent/agent.cjs'],
    Cmd: ['/ccb/agent/settings.json'],
    User: '1000:1000',
    WorkingDir: '/workspace',
    Env: ['HOME=/ccb/home', 'TMPDIR=/tmp'],
    Labels: { 'ccb.instance': '01234567-89ab', 'ccb.name': 'box', 'ccb.directory': '/h/instances/box' },
    Tty: false,
    HostConfig: {
      Init: true,
      NetworkMode: 'bridge',
      ExtraHosts: [],
      PortBindings: {},
      Mounts: [
        { Type: 'bind', Source: '/h/instances/box/pipes', Target: '/ccb/pipes', ReadOnly: true },
        { Type: 'bind', Source: '/h/instances/box/agent', Target: '/ccb/agent', ReadOnly: true },
        { Type: 'bind', Source: '/h/instances/box/state', Target: '/ccb/state', ReadOnly: false },
        { Type: 'bind', Source: '/h/instances/box/home', Target: '/ccb/home', ReadOnly: false },
        { Type: 'bind', Source: '/w', Target: '/workspace', ReadOnly: false },
      ],
      Tmpfs: { '/tmp': 'rw,exec,nosuid,nodev,size=1g,mode=1777' },
      GroupAdd: [],
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      CapAdd: [],
      SecurityOpt: ['no-new-privileges'],
      Memory: 4 * GIB,
      MemorySwap: 4 * GIB,
      NanoCpus: 2e9,
      PidsLimit: 512,
      LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '2' } },
      RestartPolicy: { Name: 'no' },
    },
  });
});

test('neither the record, nor the lock, nor the directory that holds them is mounted', () => {
  const sources = config().HostConfig.Mounts?.map(({ Source }) => Source);
  for (const path of ['/h/instances/box', '/h/instances/box/instance.json', '/h/instances/box/lock'])
    expect(sources).not.toContain(path);
});

test('each default is loosened by its name, and no other with it', () => {
  const { HostConfig: usual } = config();
  const security = { readOnlyRootfs: false, capAdd: ['NET_RAW'], noNewPrivileges: false };
  expect(config({ security }).HostConfig).toEqual({
    ...usual,
    ReadonlyRootfs: false,
    CapAdd: ['NET_RAW'],
    SecurityOpt: [],
  });
  expect(config({ limits: { memoryBytes: GIB, cpus: 0.25, pids: 9 } }).HostConfig).toEqual({
    ...usual,
    Memory: GIB,
    MemorySwap: GIB,
    NanoCpus: 250_000_000,
    PidsLimit: 9,
  });
});

test.each([
  [{ memoryBytes: 2 * GIB, cpus: 1 }, 1.5 * GIB, 1e9],
  [{}, 4 * GIB, undefined],
])('a machine of %j is not promised away', (small, memory, cpus) => {
  const { Memory, NanoCpus } = config({}, { machine: small }).HostConfig;
  expect([Memory, NanoCpus]).toEqual([memory, cpus]);
});

test('a rootless engine is asked for no share of CPUs unless somebody wants one', () => {
  const scene = { about: { rootless: true }, machine: undefined };
  expect(config({}, scene).HostConfig.NanoCpus).toBeUndefined();
  expect(config({ limits: { cpus: 1 } }, scene).HostConfig.NanoCpus).toBe(1e9);
});

test('ports are this machine’s alone unless an address says otherwise', () => {
  const ports = [{ container: 80 }, { container: 80, host: 8080 }, { container: 81, host: 81, hostIp: '0.0.0.0' }];
  const { ExposedPorts, HostConfig } = config({ ports });
  expect(ExposedPorts).toEqual({ '80/tcp': {}, '81/tcp': {} });
  expect(HostConfig.PortBindings).toEqual({
    '80/tcp': [
      { HostIp: '127.0.0.1', HostPort: '' },
      { HostIp: '127.0.0.1', HostPort: '8080' },
    ],
    '81/tcp': [{ HostIp: '0.0.0.0', HostPort: '81' }],
  });
});

test('a network of one’s own knows the container by its aliases', () => {
  const made = config({ network: 'mine', networkAliases: ['agent'], extraHosts: { up: 'host-gateway', six: '::1' } });
  expect(made.HostConfig.NetworkMode).toBe('mine');
  expect(made.HostConfig.ExtraHosts).toEqual(['up:host-gateway', 'six:::1']);
  expect(made.NetworkingConfig).toEqual({ EndpointsConfig: { mine: { Aliases: ['agent'] } } });
});

test('a mount of one’s own takes the place of the workspace, or of /tmp', () => {
  const mounts = [
    { source: '/src', target: '/workspace', readOnly: true },
    { source: '/scratch', target: '/tmp' },
  ];
  const { Mounts = [], Tmpfs } = config({ mounts }).HostConfig;
  expect(Mounts.filter(({ Target }) => Target === '/workspace')).toEqual([
    { Type: 'bind', Source: '/src', Target: '/workspace', ReadOnly: true },
  ]);
  expect(Tmpfs).toBeUndefined();
});

test('an engine of another machine gets volumes, and no directory of this one', () => {
  const scene = { record: { workspace: undefined } };
  expect(config({ placement: 'injected' }, scene).HostConfig.Mounts).toEqual([
    { Type: 'volume', Source: 'ccb-01234567-89ab', Target: '/ccb', ReadOnly: false },
    { Type: 'volume', Source: 'ccb-01234567-89ab-workspace', Target: '/workspace', ReadOnly: false },
    { Type: 'volume', Source: 'ccb-01234567-89ab-workspace', Target: '/ccb/workspace', ReadOnly: false },
  ]);
  // One that is named is a directory of that machine.
  expect(config({ placement: 'injected' }).HostConfig.Mounts?.[1]).toMatchObject({ Type: 'bind', Source: '/w' });
});

test('a group that the workspace needs goes along', () => {
  expect(config({}, { plan: { user: '501:20', groupAdd: ['80'] } })).toMatchObject({
    User: '501:20',
    HostConfig: { GroupAdd: ['80'] },
  });
});
