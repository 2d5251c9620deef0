import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Docker from 'dockerode';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { asDockerRecord } from '../container/docker-data.ts';
import type { DockerSpec } from '../container/docker-spec.ts';
import type { DockerContainer } from '../docker-container.ts';
import { FakeEngine, type FakeFault } from '../testing/fake-engine.ts';
import { Sandbox } from '../testing/sandbox.ts';

const image = 'some/image:1';
let engine: FakeEngine;
let sandbox: Sandbox;

beforeEach(async () => {
  engine = await FakeEngine.start();
  engine.state.images.add(image);
  const client = new Docker({ socketPath: engine.socketPath, host: undefined, port: undefined, protocol: 'http' });
  sandbox = await Sandbox.make({ docker: client, image });
});
afterEach(async () => {
  await sandbox[Symbol.asyncDispose]();
  await engine.stop();
});

function nothingIsLeft(): void {
  const { containers, networks, volumes } = engine.state;
  expect([...containers.keys(), ...networks.keys(), ...volumes.keys()]).toEqual([]);
  const instances = `${sandbox.home}/instances`;
  expect(existsSync(instances) ? readdirSync(instances) : []).toEqual([]);
}

function refusing(spec: Partial<DockerSpec>): Promise<DockerContainer> {
  return sandbox.create('box', spec);
}

test('makes a container that is not started, and a record that says how to make it again', async () => {
  const box = await sandbox.create('box', { network: 'mine', limits: { pids: 50 }, env: { TOKEN: 'create-secret' } });
  expect(box.state).toBe('stopped');
  const [container] = engine.state.containers.values();
  expect(container).toMatchObject({ name: 'ccb-box', status: 'created', config: { Image: image } });
  const record = asDockerRecord(box.record);
  expect(record).toMatchObject({
    version: 1,
    name: 'box',
    type: 'docker',
    program: 'shell',
    workspace: sandbox.workspace,
  });
  expect(record.data).toMatchObject({
    engine: `unix://${engine.socketPath}`,
    containerId: container?.id,
    imageName: image,
    network: 'mine',
    ownNetwork: true,
    secrets: ['TOKEN'],
    placement: 'mounted',
    limits: { pids: 50 },
  });
  expect(engine.requests.filter(({ url }) => url.endsWith('/start'))).toEqual([]);
  expect(JSON.stringify([box.record, engine.requests])).not.toContain('create-secret');
  await box.cleanup({ remove: true });
  nothingIsLeft();
});

test('the record is handed over before anything is made', async () => {
  const seen: unknown[] = [];
  const spec: DockerSpec = { type: 'docker', name: 'box', image, workspace: sandbox.workspace, network: 'mine' };
  const making = sandbox.backend.create(spec, {
    onRecord: async (record) => {
      seen.push(record, [...engine.state.containers.keys(), ...engine.state.networks.keys()]);
      expect(existsSync(sandbox.layout('box').directory)).toBe(false);
      throw new Error('it cannot be kept');
    },
  });
  await expect(making).rejects.toThrow('it cannot be kept');
  expect(seen).toEqual([expect.objectContaining({ name: 'box' }), []]);
  nothingIsLeft();
});

test.each<[string, RegExp, FakeFault, string]>([
  ['the image cannot be looked at', /GET \/images/, 500, 'CCB_ENGINE_REFUSED'],
  ['the network cannot be made', /POST \/networks\/create/, 500, 'CCB_ENGINE_REFUSED'],
  ['the container cannot be made', /POST \/containers\/create/, 500, 'CCB_ENGINE_REFUSED'],
  ['the engine breaks off while it makes it', /POST \/containers\/create/, 'truncated', 'CCB_BACKEND_UNREACHABLE'],
  ['the engine does not say what it made', /POST \/containers\/create/, 'malformed', 'CCB_BACKEND_UNREACHABLE'],
])('when %s, nothing is left', async (_what, path, fault, code) => {
  engine.fails(path, fault);
  await expect(refusing({ network: 'mine' })).rejects.toMatchObject({ code });
  nothingIsLeft();
});

test('a caller who gives up while it is made leaves nothing', async () => {
  engine.fails(/POST \/containers\/create/, 'hang');
  const giving = AbortSignal.timeout(100);
  await expect(sandbox.create('box', {}, { signal: giving })).rejects.toMatchObject({ name: 'TimeoutError' });
  nothingIsLeft();
});

test('an engine that is too old is told so', async () => {
  engine.state.apiVersion = '1.40';
  await expect(refusing({})).rejects.toMatchObject({
    code: 'CCB_NOT_SUPPORTED',
    message: expect.stringMatching(/version 1\.40 .* 1\.41 \(Docker 20\.10, podman 4\) is needed\. Update it/),
  });
  nothingIsLeft();
});

test('an image that is not there is fetched, unless it must not be', async () => {
  await expect(refusing({ image: 'other:1', pull: 'never' })).rejects.toMatchObject({ code: 'CCB_NOT_FOUND' });
  engine.fails(/POST \/images\/create/, 404, 'pull access denied for other');
  await expect(refusing({ image: 'other:1' })).rejects.toMatchObject({
    code: 'CCB_NOT_FOUND',
    message: expect.stringMatching(/docker pull other:1.*login/),
  });
  nothingIsLeft();
});

test.each<[Partial<DockerSpec>, RegExp]>([
  [{ image: 'Not An Image' }, /image must be the name of an image/],
  [{ network: 'default' }, /'bridge'/],
  [{ transport: 'tcp' as 'exec' }, /transport must be/],
  [{ ports: [{ container: 80 }], network: 'none' }, /ports cannot be published with network 'none'/],
  [{ workspace: '/no/such/directory' }, /\/no\/such\/directory is no directory; make it/],
  [{ user: 'somebody' }, /user must be 'uid' or 'uid:gid'/],
  [{ mounts: [{ source: '/etc', target: '/ccb/agent' }] }, /\/ccb is where the instance's own things are/],
  [{ adopt: { container: 'x' } }, /image, network cannot be had with adopt/],
  [{ oddity: 1 } as object, /oddity/],
])('%j is a mistake of the caller, and nothing is made', async (spec, words) => {
  await expect(refusing(spec)).rejects.toThrow(words);
  await expect(refusing(spec)).rejects.toBeInstanceOf(TypeError);
  nothingIsLeft();
});

test('a directory that is there already is nobody’s to use', async () => {
  const { directory } = sandbox.layout('box');
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'thesis'), '');
  await expect(refusing({})).rejects.toMatchObject({ code: 'CCB_NAME_TAKEN' });
  expect(existsSync(directory)).toBe(true);
  expect(engine.state.containers.size).toBe(0);
});

test('a container behind which somebody has put another of its name is not removed with the instance', async () => {
  const box = await sandbox.create('box');
  engine.state.containers.clear();
  const theirs = {
    id: 'f'.repeat(64),
    name: 'ccb-box',
    config: { Labels: {} },
    status: 'running',
    exitCode: 0,
  } as const;
  engine.state.containers.set(theirs.id, { ...theirs, log: Buffer.alloc(0) });
  await box.cleanup({ remove: true });
  expect([...engine.state.containers.keys()]).toEqual([theirs.id]);
  expect(engine.requests.filter(({ method, url }) => method === 'DELETE' || /\/(stop|kill)/.test(url))).toEqual([]);
});

test('a cleanup that the engine fails can be called again', async () => {
  const box = await sandbox.create('box');
  const mend = engine.fails(/DELETE \/containers/, 500, 'driver failed to remove root filesystem');
  await expect(box.cleanup({ remove: true })).rejects.toMatchObject({
    code: 'CCB_ENGINE_REFUSED',
    message: expect.stringContaining('driver failed to remove root filesystem'),
  });
  expect(existsSync(sandbox.layout('box').directory)).toBe(true);
  mend();
  await box.cleanup({ remove: true });
  nothingIsLeft();
});
