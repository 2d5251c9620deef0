import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { InstanceError } from '@ccb/instance-interface';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { connectEngine } from '../engine/connect.ts';
import type { Engine, ExecResult } from '../engine/engine.ts';
import { ensureTestImage } from '../testing/test-image.ts';
import { buildDefaultImage } from './build.ts';
import { buildContext } from './default-image.ts';
import { buildImageFromHost } from './host-image.ts';
import { ensureImage } from './need-image.ts';
import { type TarEntry, tarOf } from './tar.ts';

const BUILD_MS = 60_000;
/** Never resolves, here and where there is a network. */
const NOWHERE = 'registry.invalid/ccb/none:1';
const suffix = randomBytes(4).toString('hex');

async function engineOrWhyNot(): Promise<{ readonly engine?: Engine; readonly why?: string }> {
  try {
    const engine = await connectEngine();
    await engine.about();
    return { engine };
  } catch (error) {
    return { why: InstanceError.is(error) ? error.message : String(error) };
  }
}

const { engine, why } = await engineOrWhyNot();

if (process.env.CI === 'true') {
  test('continuous integration has an engine', () => {
    expect(why).toBeUndefined();
  });
}

describe.runIf(engine)(engine ? 'images on a real engine' : `images on a real engine (not here: ${why})`, () => {
  const real = engine as Engine;
  const made: string[] = [];
  const running: string[] = [];

  afterEach(async () => {
    for (const id of running.splice(0)) await real.removeContainer(id);
  });

  afterAll(async () => {
    for (const name of made) await real.removeImage(name);
    real.close();
  });

  /** To be removed at the end. */
  function named(name: string): string {
    const full = `ccb-image-test/${name}:${suffix}`;
    made.push(full);
    return full;
  }

  /** A container of this image, with no network, no capability and nothing to write to but /tmp. */
  async function contained(
    image: string,
    user?: string,
  ): Promise<(...argv: [string, ...string[]]) => Promise<ExecResult>> {
    const id = await real.createContainer(`ccb-image-test-${suffix}-${running.length}`, {
      Image: image,
      Cmd: ['sleep', '300'],
      ...(user === undefined ? {} : { User: user }),
      HostConfig: { NetworkMode: 'none', ReadonlyRootfs: true, CapDrop: ['ALL'], Init: true, Tmpfs: { '/tmp': '' } },
    });
    running.push(id);
    await real.startContainer(id);
    return (...argv) => real.exec(id, { argv });
  }

  /** Of a Dockerfile, and of other files beside it. */
  function context(dockerfile: string, ...files: readonly TarEntry[]): Buffer {
    return tarOf([{ path: 'Dockerfile', mode: 0o644, content: Buffer.from(dockerfile) }, ...files]);
  }

  async function defaultDockerfile(): Promise<string> {
    const archive = await buildContext();
    const size = Number.parseInt(archive.toString('latin1', 124, 135), 8);
    return archive.toString('utf8', 512, 512 + size);
  }

  describe("an image from this machine's programs", () => {
    const name = named('host');

    beforeAll(async () => {
      await buildImageFromHost(real, name);
    }, BUILD_MS);

    test('runs node, bash, git, flock and mkfifo as uid 1000, contained', async () => {
      const run = await contained(name);
      expect((await run('id')).stdout).toBe('uid=1000(node) gid=1000(node) groups=1000(node)\n');
      expect((await run('pwd')).stdout).toBe('/workspace\n');
      expect((await run('node', '-p', 'process.version + os.userInfo().homedir')).stdout).toBe(
        `${process.version}/home/node\n`,
      );
      const script = 'mkfifo /tmp/f && { echo through > /tmp/f & flock /tmp/lock cat /tmp/f; }';
      expect((await run('bash', '-c', script)).stdout).toBe('through\n');
      const history =
        'git init -q /tmp/a && git clone -q /tmp/a /tmp/b && git -C /tmp/b status --porcelain=v2 --branch';
      expect(await run('bash', '-c', history)).toMatchObject({
        exitCode: 0,
        stdout: expect.stringContaining('# branch'),
      });
    });

    test('cannot be written to by its user, but for what is the user’s', async () => {
      const run = await contained(name);
      expect(
        (await run('bash', '-c', 'for d in / /ccb /usr/local/bin /root; do test -w $d && echo $d; done')).stdout,
      ).toBe('');
      expect((await run('stat', '-c', '%a %u', '/tmp', '/workspace', '/home/node')).stdout).toBe(
        '1777 0\n755 1000\n755 1000\n',
      );
    });

    test('says in its inspection whose it is', async () => {
      expect(await real.inspectImage(name)).toMatchObject({
        user: 'node',
        labels: { 'org.opencontainers.image.title': 'ccb/claude' },
      });
    });
  });

  test('a caller who leaves while it is made gets the reason that it gave, and no image is there', async () => {
    const name = named('left');
    const controller = new AbortController();
    const reason = new Error('enough');
    const building = buildImageFromHost(real, name, {
      signal: controller.signal,
      progress: () => controller.abort(reason),
    });
    await expect(building).rejects.toBe(reason);
    expect(await real.inspectImage(name)).toBeUndefined();
  });

  const claude = process.env.CCB_CLAUDE;
  test.runIf(claude)(
    claude ? 'Claude Code is taken along' : 'Claude Code is taken along (not here: CCB_CLAUDE is not set)',
    async () => {
      const name = named('claude');
      await buildImageFromHost(real, name, { claude });
      const run = await contained(name);
      expect(await run('env', 'HOME=/tmp', 'claude', '--version')).toMatchObject({
        exitCode: 0,
        stdout: expect.stringMatching(/^\d+\.\d+\.\d+ \(Claude Code\)\n$/),
      });
    },
    BUILD_MS,
  );

  describe('the default image', () => {
    const unreachable = {
      // The real engine's own words for a registry that it cannot reach.
      async buildImage(...[name, given, progress, call]: Parameters<Engine['buildImage']>): Promise<void> {
        await buffer(given);
        const dockerfile = (await defaultDockerfile()).replace(/^FROM .*$/m, `FROM ${NOWHERE}`);
        await real.buildImage(name, streamOf(context(dockerfile)), progress, call);
      },
      importImage: (...given: Parameters<Engine['importImage']>): Promise<void> => real.importImage(...given),
    };

    test('is made of this machine where the registry cannot be reached, and says so', async () => {
      const lines: string[] = [];
      const name = named('auto');
      expect(await buildDefaultImage(unreachable, { name, progress: (line) => lines.push(line) })).toBe('host');
      expect(lines[0]).toMatch(/FROM registry\.invalid/);
      expect(lines).toContainEqual(expect.stringMatching(/^No network for that/));
      expect(await real.inspectImage(name)).toMatchObject({ user: 'node' });
    });

    test('is refused with what the engine said where only the registry may be asked', async () => {
      const building = buildDefaultImage(unreachable, { name: named('registry'), from: 'registry' });
      const error = await building.catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: 'CCB_IMAGE_BUILD', retryable: true });
      expect((error as Error).message).toMatch(/registry\.invalid/);
    });

    test('gets from its Dockerfile what does not come from the network', async () => {
      const name = named('steps');
      const say = (program: string): string => `#!/bin/bash\necho "${program} $*" >> /asked\n`;
      const stand: Readonly<Record<string, string>> = {
        'apt-get': say('apt-get'),
        npm: `${say('npm')}printf '#!/bin/bash\\necho a version\\n' > /usr/local/bin/claude\nchmod 755 /usr/local/bin/claude\n`,
      };
      const files = Object.entries(stand).map(([path, text]) => ({ path, mode: 0o755, content: Buffer.from(text) }));
      const base = await ensureTestImage({ engine: real });
      const first = `FROM ${base}\nCOPY apt-get npm /usr/local/bin/`;
      const dockerfile = (await defaultDockerfile()).replace(/^FROM .*$/m, first);
      const lines: string[] = [];
      await real.buildImage(name, streamOf(context(dockerfile, ...files)), (line) => lines.push(line));

      expect(lines).toContain('a version');
      expect(await real.inspectImage(name)).toMatchObject({ user: 'node' });
      const run = await contained(name);
      expect((await run('cat', '/asked')).stdout).toMatch(
        /^apt-get update\napt-get install --yes [^\n]* git [^\n]*\nnpm install --global [^\n]*@anthropic-ai\/claude-code@\d+\.\d+\.\d+\nnpm cache clean --force\n$/,
      );
      expect((await run('stat', '-c', '%U', '/workspace', '/ccb')).stdout).toBe('node\nroot\n');
      expect((await run('pwd')).stdout).toBe('/workspace\n');
      expect((await run('printenv', 'DISABLE_AUTOUPDATER', 'DISABLE_TELEMETRY')).stdout).toBe('1\n1\n');
    });
  });

  test('a step that fails tells its last lines', async () => {
    const base = await ensureTestImage({ engine: real });
    const failing = {
      importImage: (...given: Parameters<Engine['importImage']>): Promise<void> => real.importImage(...given),
      buildImage: (...[name, , progress, call]: Parameters<Engine['buildImage']>): Promise<void> =>
        real.buildImage(name, streamOf(context(`FROM ${base}\nRUN echo so it ends; exit 3\n`)), progress, call),
    };
    const error = await buildDefaultImage(failing, { name: named('failing') }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'CCB_IMAGE_BUILD', retryable: false });
    expect((error as Error).message).toMatch(/\nso it ends(\n|$)/);
  });

  test('an image of a registry that cannot be reached is not found, in the words of the engine', async () => {
    const error = await ensureImage(real, NOWHERE, 'missing').catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'CCB_NOT_FOUND' });
    expect((error as Error).message).toMatch(/registry\.invalid.*`docker pull registry\.invalid\/ccb\/none:1`/);
  });

  test('two that want the test image at once get the same one, which stays', async () => {
    const [one, other] = await Promise.all([ensureTestImage({ engine: real }), ensureTestImage({ engine: real })]);
    expect(one).toMatch(/^ccb-test:[0-9a-f]{12}$/);
    expect(other).toBe(one);
    const run = await contained(one, 'node');
    expect((await run('node', '-p', '6 * 7')).stdout).toBe('42\n');
  });
});

function streamOf(archive: Buffer): Readable {
  return Readable.from([archive]);
}
