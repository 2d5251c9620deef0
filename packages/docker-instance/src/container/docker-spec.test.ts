import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseDockerSpec } from './docker-spec.ts';

const full = {
  type: 'docker' as const,
  name: 'a_b-1',
  program: 'echo',
  programArgs: ['-x'],
  workspace: '/home/me/project',
  env: { A_1: 'x' },
  image: 'ghcr.io:443/me/box:1.2-rc_3',
  pull: 'never' as const,
  transport: 'exec' as const,
  network: 'mine',
  ports: [{ container: 8080 }, { container: 80, host: 8081, hostIp: '0.0.0.0' }, { container: 81, host: 8081 }],
  extraHosts: { 'host.docker.internal': 'host-gateway', db: '10.0.0.7', six: '::1' },
  networkAliases: ['agent', 'agent.local'],
  mounts: [
    { source: '/var/cache', target: '/cache' },
    { source: '/var/run/docker.sock', target: '/var/run/docker.sock', readOnly: true },
  ],
  user: '1001:50',
  limits: { memoryBytes: 1024 ** 3, cpus: 0.5, pids: 100 },
  security: { readOnlyRootfs: false, capAdd: ['NET_RAW', 'CAP_KILL'], noNewPrivileges: false },
  directory: '/d',
  ephemeral: true,
};

test('a spec from unknown JSON is a shell in the default image unless it says otherwise', () => {
  expect(parseDockerSpec({ name: 'box' })).toEqual({ type: 'docker', name: 'box', program: 'shell' });
  expect(parseDockerSpec(JSON.parse(JSON.stringify(full)))).toEqual(full);
});

test('an adopted container is named, and nothing else of it is asked for', () => {
  const spec = { type: 'docker', name: 'box', program: 'claude', adopt: { container: 'my_box.1' }, transport: 'exec' };
  expect(parseDockerSpec({ ...spec, workspace: '/srv' })).toEqual({ ...spec, workspace: '/srv' });
});

test.each([
  'node',
  'node:22',
  'ccb/claude',
  'localhost:5000/a/b:tag',
  'Registry.example/a__b/c--d',
  `node@sha256:${'a'.repeat(64)}`,
  `node:22@sha256:${'a'.repeat(64)}`,
  `sha256:${'0'.repeat(64)}`,
])('%s is the name of an image', (image) => expect(parseDockerSpec({ name: 'box', image }).image).toBe(image));

test('a mount at /workspace is the workspace', () => {
  const mounts = [{ source: '/src', target: '/workspace', readOnly: true }];
  expect(parseDockerSpec({ name: 'box', mounts }).workspace).toBe('/src');
  expect(parseDockerSpec({ name: 'box', mounts, workspace: '/src' }).workspace).toBe('/src');
});

test.each([
  ['name', 'Box'],
  ['type', 'process'],
  ['workspace', 'here'],
  ['directory', 'here'],
  ['privileged', true],
  ['image', ''],
  ['image', 7],
  ['image', 'Node'],
  ['image', 'node:'],
  ['image', '--privileged'],
  ['image', 'a/../b'],
  ['image', 'node latest'],
  ['image', `node@sha256:${'a'.repeat(63)}`],
  ['pull', 'sometimes'],
  ['transport', 'tcp'],
  ['network', ''],
  ['network', 'container:other'],
  ['network', 7],
  ['ports', {}],
  ['ports[0]', [8080]],
  ['ports[0]', [{ container: 80, protocol: 'udp' }]],
  ['ports[0].container', [{}]],
  ['ports[0].container', [{ container: 0 }]],
  ['ports[0].container', [{ container: 65_536 }]],
  ['ports[0].container', [{ container: '80' }]],
  ['ports[1].host', [{ container: 80 }, { container: 80, host: 1.5 }]],
  [
    'ports[1].host',
    [
      { container: 80, host: 1 },
      { container: 81, host: 1, hostIp: '127.0.0.1' },
    ],
  ],
  ['ports[0].hostIp', [{ container: 80, hostIp: 'localhost' }]],
  ['extraHosts', []],
  ['extraHosts', { 'a b': '10.0.0.1' }],
  ['extraHosts.db', { db: 'elsewhere' }],
  ['networkAliases', 'agent'],
  ['networkAliases[0]', ['a b']],
  ['mounts', {}],
  ['mounts[0]', [{ source: '/a', target: '/b', readonly: true }]],
  ['mounts[0].source', [{ source: 'volume', target: '/b' }]],
  ['mounts[0].source', [{ source: '/a/../b', target: '/b' }]],
  ['mounts[0].target', [{ source: '/a', target: 'b' }]],
  ['mounts[0].target', [{ source: '/a', target: '/' }]],
  ['mounts[0].target', [{ source: '/a', target: '/b/' }]],
  ['mounts[0].target', [{ source: '/a', target: '/ccb' }]],
  ['mounts[0].target', [{ source: '/a', target: '/ccb/state/journal' }]],
  ['mounts[0].target', [{ source: '/a', target: '/x/../ccb' }]],
  [
    'mounts[1].target',
    [
      { source: '/a', target: '/b' },
      { source: '/c', target: '/b' },
    ],
  ],
  ['mounts[0].readOnly', [{ source: '/a', target: '/b', readOnly: 'ro' }]],
  ['user', 1000],
  ['user', 'node'],
  ['user', '1000:staff'],
  ['user', '-1'],
  ['limits', 4],
  ['limits', { memory: 1 }],
  ['limits.memoryBytes', { memoryBytes: 0 }],
  ['limits.memoryBytes', { memoryBytes: '4g' }],
  ['limits.cpus', { cpus: 0 }],
  ['limits.cpus', { cpus: Number.NaN }],
  ['limits.pids', { pids: 0 }],
  ['limits.pids', { pids: -1 }],
  ['security', []],
  ['security', { privileged: true }],
  ['security.readOnlyRootfs', { readOnlyRootfs: 'no' }],
  ['security.capAdd', { capAdd: 'ALL' }],
  ['security.capAdd[0]', { capAdd: ['net raw'] }],
  ['security.noNewPrivileges', { noNewPrivileges: 0 }],
  ['adopt', 'box'],
  ['adopt', { name: 'box' }],
  ['adopt.container', { container: '' }],
  ['adopt.container', { container: '../x' }],
])('%s: %j is a TypeError that names it', (field, value) => {
  const key = field.split(/[.[]/, 1)[0] as string;
  const parse = (): unknown => parseDockerSpec({ name: 'box', [key]: value });
  expect(parse).toThrow(TypeError);
  expect(parse).toThrow(field);
});

test.each([
  ['adopt and image', { adopt: { container: 'x' }, image: 'node' }, /^docker: image .*adopt/],
  ['adopt and user, mounts', { adopt: { container: 'x' }, user: '1', mounts: [] }, /^docker: mounts, user .*adopt/],
  ['adopt and transport fifo', { adopt: { container: 'x' }, transport: 'fifo' }, /no pipes/],
  ['ports without a network', { network: 'none', ports: [{ container: 1 }] }, /ports .*'none'/],
  ["ports on the host's network", { network: 'host', ports: [{ container: 1 }] }, /ports .*'host'/],
  ['aliases on the default network', { networkAliases: ['a'] }, /networkAliases .*'bridge'/],
  ['aliases without a network', { network: 'none', networkAliases: ['a'] }, /networkAliases .*'none'/],
  ['a network called default', { network: 'default' }, /'bridge'/],
  ['two workspaces', { workspace: '/a', mounts: [{ source: '/b', target: '/workspace' }] }, /\/a .*\/b /],
  ["the person's login", { login: 'person' }, /mounts: .*CLAUDE_CONFIG_DIR/],
])('%s make no sense together, and it says why', (_what, spec, why) => {
  expect(() => parseDockerSpec({ name: 'box', ...spec })).toThrow(TypeError);
  expect(() => parseDockerSpec({ name: 'box', ...spec })).toThrow(why);
});

test('whatever JSON stands in a field, it is taken as it is or refused as a TypeError', () => {
  const fields = Object.keys(full).filter((field) => field !== 'program');
  fc.assert(
    fc.property(fc.constantFrom(...fields, 'adopt'), fc.jsonValue(), (field, value) => {
      try {
        expect(parseDockerSpec({ name: 'box', [field]: value })).toMatchObject({ [field]: value });
      } catch (error) {
        expect(error).toBeInstanceOf(TypeError);
      }
    }),
    { seed: 3, numRuns: 500 },
  );
});

test('a value of the environment never stands in the message', () => {
  expect(() => parseDockerSpec({ name: 'box', env: { A: 'hush\0' } })).toThrow(expect.not.stringContaining('hush'));
});
