import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dockerBackend } from '../backend.ts';
import { EngineProxy } from '../testing/engine-proxy.ts';
import { leaksOf } from '../testing/leaks.ts';
import { docker, Sandbox } from '../testing/sandbox.ts';

const isRoot = process.getuid?.() === 0;
const nodeless = `ccb-test-nodeless-${process.pid}`;
let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await Sandbox.make();
  const recipe = `FROM ${sandbox.image}\nUSER root\nRUN rm -f "$(command -v node)"\n`;
  execFileSync('docker', ['build', '--quiet', '--tag', nodeless, '-'], {
    input: recipe,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
});
afterAll(async () => {
  await sandbox[Symbol.asyncDispose]();
  await docker('rmi', '--force', nodeless);
});

describe('an engine that cannot be used', () => {
  /** What a host of its own is told, with this environment, as this user. */
  async function told(env: NodeJS.ProcessEnv, uid?: number): Promise<unknown> {
    const home = mkdtempSync(join(tmpdir(), 'ccb-errors-'));
    chmodSync(home, 0o777);
    try {
      const program = fileURLToPath(new URL('../testing/create-program.ts', import.meta.url));
      const loader = createRequire(import.meta.url).resolve('tsx');
      const args = ['--conditions=@ccb/source', '--import', loader, program, join(home, 'state'), home, sandbox.image];
      const { stdout } = await promisify(execFile)(process.execPath, args, {
        env: { PATH: process.env.PATH, HOME: home, TMPDIR: home, ...env },
        ...(uid !== undefined && { uid, gid: uid }),
        timeout: 30_000,
      });
      return JSON.parse(stdout);
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  }

  test.concurrent('is not there', async () => {
    expect(await told({ DOCKER_HOST: 'unix:///nowhere/docker.sock' })).toEqual({
      code: 'CCB_BACKEND_UNREACHABLE',
      message: expect.stringMatching(/unix:\/\/\/nowhere\/docker\.sock .*Start it, or say where it is: DOCKER_HOST/),
    });
  });

  test.runIf(isRoot)('may not be used by this user', { concurrent: true }, async () => {
    expect(await told({ DOCKER_HOST: 'unix:///var/run/docker.sock' }, 65_534)).toEqual({
      code: 'CCB_BACKEND_UNREACHABLE',
      message: expect.stringMatching(/no permission \(EACCES\)\. .*usermod -aG docker/),
    });
  });

  test.concurrent('speaks no TLS', async () => {
    await using proxy = await EngineProxy.start('tcp');
    expect(await told({ DOCKER_HOST: proxy.address, DOCKER_TLS_VERIFY: '1' })).toEqual({
      code: 'CCB_BACKEND_UNREACHABLE',
      message: expect.stringMatching(/TLS failed .*Check DOCKER_CERT_PATH .*DOCKER_TLS_VERIFY/),
    });
  });
});

test.concurrent('an image that is not there is named, with what fetches it', async () => {
  const image = 'ccb-test-no-such-image:1';
  await expect(sandbox.create('imageless', { image, pull: 'never' })).rejects.toMatchObject({
    code: 'CCB_NOT_FOUND',
    message: expect.stringMatching(/no image ccb-test-no-such-image:1.*docker pull/),
  });
  expect(existsSync(sandbox.layout('imageless').directory)).toBe(false);
});

test.concurrent('a container of somebody else that has the name is left alone', async () => {
  await docker('create', '--name', 'ccb-taken', '--network', 'none', sandbox.image, 'true');
  try {
    const before = await docker('inspect', '--format', '{{.Id}}', 'ccb-taken');
    await expect(sandbox.create('taken')).rejects.toMatchObject({
      code: 'CCB_NAME_TAKEN',
      message: expect.stringMatching(
        /another container of the name ccb-taken\. Choose another name, or remove that one/,
      ),
    });
    expect(await docker('inspect', '--format', '{{.Id}}', 'ccb-taken')).toBe(before);
    expect(existsSync(sandbox.layout('taken').directory)).toBe(false);
  } finally {
    await docker('rm', '--force', 'ccb-taken');
  }
});

test.concurrent('a name that an instance has already is refused, and that one goes on', async () => {
  const box = await sandbox.create('double');
  await expect(sandbox.create('double')).rejects.toMatchObject({ code: 'CCB_NAME_TAKEN' });
  expect(await box.sendCommandAndWait('echo on')).toMatchObject({ output: 'on\n' });
});

test.concurrent('an image without Node cannot run an agent, and says that it is Node', async () => {
  const box = await sandbox.create('nodeless', { image: nodeless });
  await expect(box.start()).rejects.toMatchObject({
    code: 'CCB_PROGRAM_NOT_FOUND',
    message: expect.stringMatching(/has no Node, which the agent runs on .*ccb image build/),
  });
  expect(box.state).toBe('failed');
});

test.concurrent('nor can a container that is adopted', async () => {
  const name = `ccb-test-nodeless-${process.pid}`;
  await docker('run', '-d', '--network', 'none', '--name', name, nodeless, 'sleep', '600');
  try {
    const spec = { adopt: { container: name }, image: undefined, network: undefined, workspace: undefined };
    await expect(sandbox.create('adopted', spec)).rejects.toMatchObject({
      code: 'CCB_PROGRAM_NOT_FOUND',
      message: expect.stringMatching(new RegExp(`${name}: its image has no Node`)),
    });
    expect(existsSync(sandbox.layout('adopted').directory)).toBe(false);
  } finally {
    await docker('rm', '--force', name);
  }
});

test.concurrent('a workspace that is not there, or that its user cannot write, is named with what sets it right', async () => {
  const workspace = join(sandbox.root, 'missing');
  await expect(sandbox.create('spaceless', { workspace })).rejects.toThrow(`${workspace} is no directory; make it`);
  const theirs = join(sandbox.root, 'theirs');
  mkdirSync(theirs, { mode: 0o755 });
  if (!isRoot) return;
  await expect(sandbox.create('spaceless', { workspace: theirs, user: '1234:1234' })).rejects.toMatchObject({
    code: 'CCB_NOT_SUPPORTED',
    message: expect.stringMatching(/user 1234:1234 .*cannot write its workspace .*chown -R 1234:1234/),
  });
  await expect(
    sandbox.create('mountless', { mounts: [{ source: join(sandbox.root, 'no'), target: '/data' }] }),
  ).rejects.toThrow(/mounts\[0\]\.source .* is not there/);
});

describe('a home that cannot be used', () => {
  test('because a file is in its place', async () => {
    const home = join(sandbox.root, 'a-file');
    writeFileSync(home, '');
    await refuses(home, /ENOTDIR.*Check the path/);
  });

  test.runIf(isRoot).each([
    ['is read-only', 'ro', /mkdir .*Check the path, its mode and the disk/],
    ['is full', 'size=64k', /no space left.*disk/],
  ])('because its disk %s', async (_why, options, words) => {
    const home = mkdtempSync(join(sandbox.root, 'mount-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'ccb-test', home]);
    try {
      await refuses(home, words);
    } finally {
      execFileSync('umount', [home]);
    }
  });

  async function refuses(home: string, words: RegExp): Promise<void> {
    const { image, workspace } = sandbox;
    let record: { readonly data: unknown } | undefined;
    const making = dockerBackend({ home }).create(
      { type: 'docker', name: 'homeless', image, workspace, network: 'none' },
      {
        onRecord: async (made) => {
          record = made;
        },
      },
    );
    await expect(making).rejects.toMatchObject({ name: 'InstanceError', message: expect.stringMatching(words) });
    const { instanceId } = (record?.data ?? { instanceId: '' }) as { readonly instanceId: string };
    expect(await leaksOf({ home, instanceIds: [instanceId] }).catch(() => [])).toEqual([]);
  }
});
