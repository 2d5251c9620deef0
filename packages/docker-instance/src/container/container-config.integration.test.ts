import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type InstanceLayout, instanceLayout } from '@ccb/container-agent';
import { makeFifo } from '@ccb/named-pipe/fifo';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MountedFiles } from '../agent/agent-files.ts';
import { connectEngine } from '../engine/connect.ts';
import type { ContainerConfig, Engine } from '../engine/engine.ts';
import { docker } from '../testing/sandbox.ts';
import { ensureTestImage } from '../testing/test-image.ts';
import { applyAccess } from './access-plan.ts';
import { containerConfig } from './container-config.ts';
import { parseDockerSpec } from './docker-spec.ts';
import { assertInstanceFit } from './fit.ts';
import { dockerInfo } from './info.ts';
import { sampleRecord } from './testing/record.ts';
import { planUser } from './user.ts';

const isRoot = process.getuid?.() === 0;
const NAME = `ccb-config-${process.pid}`;
const NETWORK = `${NAME}-net`;
let engine: Engine;
let root: string;
let layout: InstanceLayout;
let config: ContainerConfig;

beforeAll(async () => {
  engine = connectEngine();
  const image = await ensureTestImage({ engine });
  // Nobody else can enter it, or what is in it: a container sees what is mounted, and not the way there.
  root = mkdtempSync(join(tmpdir(), 'ccb-config-'));
  const workspace = join(root, 'workspace');
  mkdirSync(workspace);
  if (isRoot) chownSync(workspace, 1000, 1000);
  layout = instanceLayout(join(root, 'instances', 'box'), 'box');
  mkdirSync(layout.directory, { recursive: true, mode: 0o700 });
  const about = await engine.about();
  const spec = parseDockerSpec({ name: 'box', workspace, image });
  const plan = planUser({ spec, layout, about });
  const record = sampleRecord(
    { directory: layout.directory, containerName: NAME, imageName: image, user: plan.user },
    { workspace },
  );
  await new MountedFiles(layout, 'shell').make(plan);
  writeFileSync(layout.settings, '{}', { mode: 0o600 });
  applyAccess(plan.files);
  assertInstanceFit('box', layout, plan);
  config = containerConfig({ record, layout, plan, about });
});

afterAll(async () => {
  await engine.removeContainer(NAME);
  if ((await engine.inspectNetwork(NETWORK)) !== undefined) await engine.removeNetwork(NETWORK);
  engine.close();
  rmSync(root, { recursive: true, force: true });
});

async function make(changed: Partial<ContainerConfig>): Promise<string> {
  await engine.removeContainer(NAME);
  return await engine.createContainer(NAME, { ...config, ...changed });
}

test('the engine takes it, and shows every default', async () => {
  const id = await make({});
  const [shown] = JSON.parse(await docker('inspect', id));
  expect(shown.Config).toMatchObject({
    User: config.User,
    WorkingDir: '/workspace',
    Entrypoint: ['node', '/ccb/agent/agent.cjs'],
    Cmd: ['/ccb/agent/settings.json'],
    Labels: { 'ccb.name': 'box', 'ccb.directory': layout.directory },
  });
  expect(shown.HostConfig).toMatchObject({
    Init: true,
    Privileged: false,
    NetworkMode: 'bridge',
    ReadonlyRootfs: true,
    CapDrop: ['ALL'],
    SecurityOpt: ['no-new-privileges'],
    PidsLimit: 512,
    Memory: config.HostConfig?.Memory,
    NanoCpus: config.HostConfig?.NanoCpus,
    LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '2' } },
    RestartPolicy: { Name: 'no' },
    Tmpfs: { '/tmp': config.HostConfig?.Tmpfs?.['/tmp'] },
  });
  expect(shown.HostConfig.CapAdd ?? []).toEqual([]);
  const info = dockerInfo(await engine.inspectContainer(id));
  expect(info).toMatchObject({ name: NAME, status: 'created', limits: { pids: 512 } });
  expect(
    info.volumes
      .filter(({ readOnly }) => readOnly)
      .map(({ target }) => target)
      .sort(),
  ).toEqual(['/ccb/agent', '/ccb/pipes']);
});

test('what runs in it can use its own places, and nothing else', async () => {
  const script = `
    writes() { (: > "$1/probe") 2> /dev/null && echo "writes $1"; }
    for place in / /etc /ccb /ccb/agent /ccb/pipes /ccb/state /ccb/home /workspace /tmp; do writes $place; done
    test -r /ccb/agent/agent.cjs && test -r /ccb/agent/settings.json && echo 'reads its agent'
    for kind in in out ctl; do
      (exec 3<> /ccb/pipes/box.$kind.fifo) && echo "opens $kind"
    done
    printf '#!/bin/sh\\necho runs from /tmp\\n' > /tmp/program; chmod +x /tmp/program; /tmp/program
    grep -E '^(CapEff|CapBnd|NoNewPrivs)' /proc/self/status | tr -d '\\t'
    echo "$HOME $TMPDIR $PWD"
    ls -A /ccb`;
  const id = await make({ Entrypoint: ['bash', '-c'], Cmd: [script] });
  await engine.startContainer(id);
  await docker('wait', id);
  expect(await docker('logs', id)).toBe(
    [
      'writes /ccb/state',
      'writes /ccb/home',
      'writes /workspace',
      'writes /tmp',
      'reads its agent',
      'opens in',
      'opens out',
      'opens ctl',
      'runs from /tmp',
      'CapEff:0000000000000000',
      'CapBnd:0000000000000000',
      'NoNewPrivs:1',
      '/ccb/home /tmp /workspace',
      'agent',
      'home',
      'pipes',
      'state',
    ].join('\n'),
  );
});

test('a FIFO that the host makes later can be opened by the program too', async () => {
  const fifo = `${layout.pipes}.later.fifo`;
  await makeFifo(fifo);
  const id = await make({ Entrypoint: ['bash', '-c'], Cmd: ['exec 3<> /ccb/pipes/box.later.fifo && echo opens'] });
  await engine.startContainer(id);
  await docker('wait', id);
  expect(await docker('logs', id)).toBe('opens');
});

// Only with capabilities is root beyond permission bits, here as well as by what is foretold.
test.runIf(isRoot)('root without capabilities is a user like others, as was foretold', async () => {
  const foreign = join(root, 'foreign');
  mkdirSync(foreign);
  chownSync(foreign, 5, 5);
  chmodSync(foreign, 0o700);
  const about = { rootless: false };
  for (const capAdd of [[], ['DAC_OVERRIDE']]) {
    const spec = { name: 'box', workspace: foreign, user: '0:0', security: { capAdd } };
    const foretold = attempt(() => planUser({ spec, layout, about }));
    const record = sampleRecord(
      { directory: layout.directory, imageName: config.Image, user: '0:0', security: { capAdd } },
      { workspace: foreign },
    );
    const made = containerConfig({ record, layout, plan: { user: '0:0', groupAdd: [] }, about });
    const id = await make({ ...made, WorkingDir: '/', Entrypoint: ['bash', '-c'], Cmd: [': > /workspace/probe'] });
    await engine.startContainer(id);
    expect(await docker('wait', id)).toBe(foretold ? '0' : '1');
  }
});

test('ports, aliases and hosts are what was asked for', async () => {
  await engine.createNetwork(NETWORK, {});
  const record = sampleRecord({
    directory: layout.directory,
    imageName: config.Image,
    network: NETWORK,
    networkAliases: ['agent'],
    ports: [{ container: 8080 }],
    extraHosts: { upstairs: 'host-gateway', db: '10.0.0.7' },
  });
  const {
    ExposedPorts = {},
    NetworkingConfig,
    HostConfig,
  } = containerConfig({
    record,
    layout,
    plan: { user: config.User ?? '', groupAdd: [] },
    about: { rootless: false },
  });
  const { NetworkMode = '', ExtraHosts = [], PortBindings = {} } = HostConfig ?? {};
  const id = await make({
    ExposedPorts,
    ...(NetworkingConfig && { NetworkingConfig }),
    HostConfig: { ...config.HostConfig, NetworkMode, ExtraHosts, PortBindings },
    Entrypoint: ['bash', '-c'],
    Cmd: ['exec sleep 60'],
  });
  await engine.startContainer(id);
  const found = await engine.inspectContainer(id);
  expect(found.networks[NETWORK]?.aliases).toContain('agent');
  expect(dockerInfo(found).ports).toEqual([
    { container: 8080, host: expect.any(Number), hostIp: '127.0.0.1', protocol: 'tcp' },
  ]);
  expect(await docker('exec', id, 'bash', '-c', 'grep -cE "upstairs|10.0.0.7" /etc/hosts')).toBe('2');
});

function attempt(action: () => unknown): boolean {
  try {
    action();
    return true;
  } catch {
    return false;
  }
}
