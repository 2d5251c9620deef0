import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { InstanceError } from '@ccb/instance-interface';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tarOf } from '../image/tar.ts';
import { ensureTestImage } from '../testing/test-image.ts';
import { connectEngine } from './connect.ts';
import type { ContainerConfig, Engine, EngineEvent, LogLine } from './engine.ts';

const prefix = `ccb-engine-test-${randomBytes(4).toString('hex')}`;
const labels = { 'ccb-engine-test': prefix };

async function engineOrWhyNot(): Promise<{ readonly engine?: Engine; readonly why?: string }> {
  try {
    const engine = connectEngine();
    await engine.about();
    return { engine };
  } catch (error) {
    return { why: InstanceError.is(error) ? error.message : String(error) };
  }
}

const found = await engineOrWhyNot();

if (process.env.CI === 'true') {
  it('continuous integration has an engine', () => {
    expect(found.why).toBeUndefined();
  });
}

describe.runIf(found.engine)(found.engine ? 'a real engine' : `a real engine (not here: ${found.why})`, () => {
  const engine = found.engine as Engine;
  let image: string;
  let count = 0;

  beforeAll(async () => {
    image = await ensureTestImage({ engine });
  });
  afterAll(async () => {
    for (const { id } of await engine.listContainers({ labels: [`ccb-engine-test=${prefix}`] })) {
      await engine.removeContainer(id);
    }
    engine.close();
  });

  async function created(
    config: Partial<ContainerConfig> = {},
  ): Promise<{ readonly id: string; readonly name: string }> {
    count += 1;
    const name = `${prefix}-${count}`;
    const Cmd = ['sleep', '1000'];
    const id = await engine.createContainer(name, {
      Image: image,
      Cmd,
      Labels: labels,
      HostConfig: { Init: true },
      ...config,
    });
    return { id, name };
  }

  async function running(config?: Partial<ContainerConfig>): Promise<string> {
    const { id } = await created(config);
    await engine.startContainer(id);
    return id;
  }

  it('says what it is', async () => {
    expect(await engine.about()).toMatchObject({ os: 'linux', apiVersion: expect.stringMatching(/^1\.\d+$/) });
  });

  it('makes a container as it was told, and says so', async () => {
    const { id, name } = await created({
      User: 'node',
      Env: ['A=b'],
      ExposedPorts: { '7000/tcp': {} },
      HostConfig: {
        Init: true,
        Memory: 64 * 1024 * 1024,
        NanoCpus: 500_000_000,
        PidsLimit: 50,
        ReadonlyRootfs: true,
        PortBindings: { '7000/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }] },
        Mounts: [{ Type: 'bind', Source: tmpdir(), Target: '/there', ReadOnly: true }],
      },
    });
    expect(await engine.inspectContainer(name)).toMatchObject({
      id,
      state: { status: 'created', startedAt: undefined },
    });
    expect(await engine.startContainer(id)).toBe(true);
    expect(await engine.startContainer(id)).toBe(false);
    expect(await engine.inspectContainer(id)).toMatchObject({
      id,
      name,
      image,
      labels,
      user: 'node',
      tty: false,
      env: expect.arrayContaining(['A=b']),
      state: { status: 'running', running: true, startedAt: expect.any(String), finishedAt: undefined, error: '' },
      mounts: [{ type: 'bind', source: tmpdir(), target: '/there', readOnly: true }],
      ports: [{ container: 7000, host: expect.any(Number), hostIp: '127.0.0.1', protocol: 'tcp' }],
      networks: { bridge: { address: expect.stringMatching(/^\d+\./) } },
      limits: { memoryBytes: 64 * 1024 * 1024, cpus: 0.5, pids: 50 },
      readOnlyRootfs: true,
    });
    expect(await engine.listContainers({ labels: [`ccb-engine-test=${prefix}`] })).toContainEqual({
      id,
      name,
      image,
      labels,
      status: 'running',
    });
  });

  it('stops, kills and removes one, once and again', async () => {
    const id = await running();
    expect(await engine.stopContainer(id, 1_000)).toBe(true);
    expect(await engine.stopContainer(id, 1_000)).toBe(false);
    await engine.killContainer(id, 'TERM');
    expect(await engine.processes(id)).toEqual([]);
    await engine.startContainer(id);
    await engine.killContainer(id, 'KILL');
    await engine.removeContainer(id);
    await engine.removeContainer(id);
    await engine.killContainer(id, 'KILL');
    await expect(engine.inspectContainer(id)).rejects.toMatchObject({ code: 'CCB_NOT_FOUND' });
  });

  it('removes one once, whoever asks at the same time', async () => {
    const { id, name } = await created();
    await engine.startContainer(id);
    await Promise.all([engine.removeContainer(id), engine.removeContainer(id), engine.removeContainer(name)]);
    await expect(engine.inspectContainer(name)).rejects.toMatchObject({ code: 'CCB_NOT_FOUND' });
  });

  it('refuses what cannot be, with a code that says what', async () => {
    const { name, id } = await created({ Cmd: ['no-such-program'], HostConfig: {} });
    await expect(engine.createContainer(name, { Image: image })).rejects.toMatchObject({ code: 'CCB_NAME_TAKEN' });
    await expect(engine.startContainer(id)).rejects.toMatchObject({ code: 'CCB_PROGRAM_NOT_FOUND' });
    await expect(engine.createContainer(`${name}-x`, { Image: `${prefix}:none` })).rejects.toMatchObject({
      code: 'CCB_NOT_FOUND',
      message: expect.stringContaining(`docker pull ${prefix}:none`),
    });
    await expect(engine.exec(id, { argv: ['true'] })).rejects.toMatchObject({ code: 'CCB_INVALID_STATE' });
    await expect(engine.startContainer(`${name}-gone`)).rejects.toMatchObject({ code: 'CCB_NOT_FOUND' });
    const HostConfig = { Mounts: [{ Type: 'bind', Source: join(tmpdir(), prefix), Target: '/x' }] } as const;
    await expect(created({ HostConfig })).rejects.toMatchObject({ code: 'CCB_ENGINE_REFUSED' });
  });

  it('shows the processes of one, and what it uses', async () => {
    const id = await running();
    expect(await engine.processes(id)).toContainEqual(expect.stringContaining('sleep 1000'));
    expect(await engine.usage(id)).toMatchObject({ pids: 2, memoryBytes: expect.any(Number) });
  });

  it('runs a program with its input, its outputs apart, its status, user, directory and environment', async () => {
    const id = await running();
    const script = 'cat; echo "$A $(id -un) $PWD" >&2; exit 7';
    const command = {
      argv: ['bash', '-c', script],
      input: 'wörds',
      user: 'node',
      workingDirectory: '/tmp',
      env: ['A=b'],
    } as const;
    expect(await engine.exec(id, command)).toEqual({ exitCode: 7, stdout: 'wörds', stderr: 'b node /tmp\n' });
  });

  it('gives a program that has no input its end at once', async () => {
    expect(await engine.exec(await running(), { argv: ['cat'] })).toEqual({ exitCode: 0, stdout: '', stderr: '' });
  });

  it('loses nothing of a program that does not read its input', async () => {
    const input = Buffer.alloc(4 * 1024 * 1024);
    const result = await engine.exec(await running(), { argv: ['bash', '-c', 'echo done; exit 3'], input });
    expect(result).toEqual({ exitCode: 3, stdout: 'done\n', stderr: '' });
  });

  it('cuts long output off, and still says how it ended', async () => {
    const argv = ['bash', '-c', 'head -c 3000000 /dev/zero | tee /dev/stderr; exit 5'] as const;
    const { exitCode, stdout, stderr } = await engine.exec(await running(), { argv });
    expect([exitCode, stdout.length, stderr.length]).toEqual([5, 1024 * 1024, 1024 * 1024]);
  });

  it('tells a program that is missing from one that ends like it', async () => {
    const id = await running();
    await expect(engine.exec(id, { argv: ['no-such-program'] })).rejects.toMatchObject({
      code: 'CCB_PROGRAM_NOT_FOUND',
    });
    await expect(engine.exec(id, { argv: ['/etc/passwd'] })).rejects.toMatchObject({ code: 'CCB_PROGRAM_NOT_FOUND' });
    expect(await engine.exec(id, { argv: ['bash', '-c', 'no-such-program'] })).toMatchObject({ exitCode: 127 });
  });

  it('tells what the runtime would not do from what a program said', async () => {
    const id = await running();
    for (const refused of [{ user: 'nobody-here' }, { workingDirectory: '/etc/passwd' }]) {
      await expect(engine.exec(id, { argv: ['true'], ...refused })).rejects.toMatchObject({
        code: 'CCB_ENGINE_REFUSED',
      });
    }
  });

  it('starts one whose program is missing where an init runs it, and it exits with 127', async () => {
    const { id } = await created({ Cmd: ['no-such-program'] });
    await engine.startContainer(id);
    const said = await all(engine.logs(id, { follow: true }));
    expect(said.map(({ text }) => text).join('')).toMatch(/no-such-program/);
    expect(await engine.inspectContainer(id)).toMatchObject({ state: { status: 'exited', exitCode: 127 } });
  });

  it('gives up on a program that takes too long', async () => {
    const id = await running();
    await expect(engine.exec(id, { argv: ['sleep', '60'] }, { timeoutMs: 500 })).rejects.toMatchObject({
      code: 'CCB_TIMEOUT',
    });
  });

  it('holds a running program, whose input ends with it', async () => {
    const session = await engine.openExec(await running(), { argv: ['bash', '-c', 'cat; echo end >&2; exit 4'] });
    session.stdin.write('first\n');
    const reader = session.stdout[Symbol.asyncIterator]();
    expect(String((await reader.next()).value)).toBe('first\n');
    session.stdin.end();
    expect((await reader.next()).done).toBe(true);
    expect(await session.exit).toBe(4);
    expect(session.stderrTail()).toBe('end\n');
    session.close();
  });

  it('reads the log of one, with and without a terminal, and follows it to its end', async () => {
    const Cmd = ['bash', '-c', 'echo out; echo err >&2; echo "{}"'];
    for (const Tty of [false, true]) {
      const id = await running({ Cmd, Tty });
      const lines = await all(engine.logs(id, { follow: true }));
      expect(lines.map(({ text }) => text.trim()).sort()).toEqual(['err', 'out', '{}']);
      expect(lines.some(({ stream }) => stream === 'stderr')).toBe(!Tty);
      expect(await all(engine.logs(id))).toHaveLength(3);
      expect(await all(engine.logs(id, { tail: 1 }))).toHaveLength(1);
    }
  });

  it('stops following when it is told to', async () => {
    const id = await running();
    const giveUp = new AbortController();
    const reading = all(engine.logs(id, { follow: true, signal: giveUp.signal }));
    giveUp.abort(new Error('enough'));
    await expect(reading).rejects.toThrow('enough');
  });

  it('unpacks a tar, and refuses where it cannot', async () => {
    const tar = tarOf([{ path: 'note', mode: 0o644, content: Buffer.from('written') }]);
    const id = await running();
    await engine.putArchive(id, '/tmp', tar);
    expect(await engine.exec(id, { argv: ['cat', '/tmp/note'] })).toMatchObject({ stdout: 'written' });
    await expect(engine.putArchive(id, '/no/such/place', tar)).rejects.toMatchObject({ code: 'CCB_NOT_FOUND' });
    const locked = await running({ HostConfig: { ReadonlyRootfs: true } });
    await expect(engine.putArchive(locked, '/tmp', tar)).rejects.toMatchObject({ code: 'CCB_ENGINE_REFUSED' });
  });

  it('tells who watches what happens to one container', async () => {
    const { id, name } = await created();
    const { id: other } = await created();
    const seen: EngineEvent[] = [];
    await new Promise<void>((resolve, reject) => {
      const end = engine.watch(name, (event) => {
        seen.push(event);
        if (event.action === 'destroy') {
          end();
          resolve();
        }
      });
      const use = async (): Promise<void> => {
        await engine.startContainer(other);
        await engine.startContainer(id);
        await engine.killContainer(id, 'KILL');
        await engine.removeContainer(id);
      };
      use().catch(reject);
    });
    const actions = seen.map(({ action }) => action).filter((action) => action !== 'back');
    expect(actions).toEqual(['start', 'kill', 'die', 'destroy']);
    expect(seen.find(({ action }) => action === 'die')).toMatchObject({ exitCode: 137 });
  });

  it('imports, builds, inspects and removes an image', async () => {
    const root = Readable.from([tarOf([{ path: 'etc', mode: 0o755, directory: true }])]);
    const imported = `${prefix}:imported`;
    const built = `${prefix}:built`;
    expect(await engine.inspectImage(imported)).toBeUndefined();
    try {
      await engine.importImage(imported, root, ['LABEL a=b', 'USER node']);
      expect(await engine.inspectImage(imported)).toMatchObject({
        labels: { a: 'b' },
        user: 'node',
        digest: undefined,
      });
      const lines: string[] = [];
      const content = Buffer.from(`FROM ${imported}\nLABEL c=d\n`);
      const context = Readable.from([tarOf([{ path: 'Dockerfile', mode: 0o644, content }])]);
      await engine.buildImage(built, context, (line) => lines.push(line));
      expect(lines).toContain('Step 2/2 : LABEL c=d');
      expect(await engine.inspectImage(built)).toMatchObject({ labels: { a: 'b', c: 'd' } });
    } finally {
      await engine.removeImage(built);
      await engine.removeImage(imported);
      await engine.removeImage(imported);
    }
  });

  it('says why an image could not be built', async () => {
    const context = Readable.from([tarOf([{ path: 'Dockerfile', mode: 0o644, content: Buffer.from('NONSENSE\n') }])]);
    await expect(engine.buildImage(`${prefix}:never`, context)).rejects.toMatchObject({
      code: 'CCB_ENGINE_REFUSED',
      message: expect.stringMatching(/NONSENSE/i),
    });
  });

  it('says why an image could not be pulled', async () => {
    await expect(engine.pullImage('registry.invalid/ccb/none:1')).rejects.toMatchObject({
      message: expect.stringContaining('registry.invalid'),
    });
  });

  it('keeps networks and volumes', async () => {
    expect(await engine.inspectNetwork(prefix)).toBeUndefined();
    try {
      await engine.createNetwork(prefix, labels);
      expect(await engine.inspectNetwork(prefix)).toEqual({ name: prefix, labels });
      await expect(engine.createNetwork(prefix, {})).rejects.toMatchObject({ code: 'CCB_NAME_TAKEN' });
      await engine.createVolume(prefix, labels);
      await engine.createVolume(prefix, labels);
    } finally {
      await engine.removeNetwork(prefix);
      await engine.removeNetwork(prefix);
      await engine.removeVolume(prefix);
      await engine.removeVolume(prefix);
    }
    expect(await engine.inspectNetwork(prefix)).toBeUndefined();
  });
});

async function all(lines: AsyncIterable<LogLine>): Promise<readonly LogLine[]> {
  const read: LogLine[] = [];
  for await (const line of lines) read.push(line);
  return read;
}
