import { Agent } from 'node:http';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { InstanceError } from '@ccb/instance-interface';
import Docker from 'dockerode';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeEngine } from '../testing/fake-engine.ts';
import { connectEngine } from './connect.ts';
import type { Engine, EngineEvent } from './engine.ts';

let fake: FakeEngine;
let engine: Engine;

beforeEach(async () => {
  fake = await FakeEngine.start();
  fake.state.images.add('image:1');
  engine = connectEngine({ socketPath: fake.socketPath, env: {} });
});
afterEach(async () => {
  engine.close();
  await fake.whenIdle();
  await fake.stop();
});

async function running(name = 'box'): Promise<string> {
  const id = await engine.createContainer(name, { Image: 'image:1' });
  await engine.startContainer(id);
  return id;
}

function rejection(work: Promise<unknown>): Promise<InstanceError> {
  return work.then(
    () => expect.fail('It went well.'),
    (error: InstanceError) => error,
  );
}

describe('where the engine is', () => {
  it('is what was named, whatever DOCKER_HOST of the process says', async () => {
    vi.stubEnv('DOCKER_HOST', 'tcp://nowhere.invalid:1');
    try {
      const named = connectEngine({ socketPath: fake.socketPath });
      expect(named).toMatchObject({ address: `unix://${fake.socketPath}`, isLocal: true });
      expect(await named.about()).toMatchObject({ kind: 'docker', rootless: false });
      named.close();
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it('may be said by a client of somebody else, who keeps it', async () => {
    const agent = new Agent({ keepAlive: true });
    const options: object = { socketPath: fake.socketPath, agent };
    const docker = new Docker(options);
    await docker.ping();
    const borrowing = connectEngine({ docker });
    expect(borrowing.address).toBe(`unix://${fake.socketPath}`);
    const before = { ...docker.modem };
    await borrowing.about();
    borrowing.close();
    expect({ ...docker.modem }).toEqual(before);
    expect(String(await docker.ping())).toBe('OK');
    agent.destroy();
  });

  it('is told when nothing answers there', async () => {
    const nowhere = connectEngine({ socketPath: join(tmpdir(), 'no-such-engine.sock'), env: {} });
    expect(await rejection(nowhere.about())).toMatchObject({
      code: 'CCB_BACKEND_UNREACHABLE',
      retryable: true,
      message: expect.stringMatching(/no-such-engine\.sock.*DOCKER_HOST/),
    });
    nowhere.close();
  });

  it('is told when it is too old', async () => {
    fake.state.apiVersion = '1.40';
    expect(await rejection(engine.about())).toMatchObject({
      code: 'CCB_NOT_SUPPORTED',
      message: expect.stringMatching(/1\.40.*1\.41/),
    });
  });

  it('is not believed over TLS that fails', async () => {
    const server = createServer({}).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const secure = connectEngine({ host: `tcp://127.0.0.1:${port}`, tlsVerify: true, env: {} });
    expect(await rejection(secure.about())).toMatchObject({
      code: 'CCB_BACKEND_UNREACHABLE',
      retryable: false,
      message: expect.stringMatching(/TLS failed.*DOCKER_CERT_PATH/),
    });
    secure.close();
    await new Promise((resolve) => server.close(resolve));
  });
});

describe('a container', () => {
  it('goes its way, and what is so already is no error', async () => {
    const id = await engine.createContainer('box', { Image: 'image:1', Labels: { a: 'b' } });
    expect(await engine.startContainer(id)).toBe(true);
    expect(await engine.startContainer(id)).toBe(false);
    expect(await engine.inspectContainer('box')).toMatchObject({ id, labels: { a: 'b' }, state: { running: true } });
    expect(await engine.processes(id)).toEqual(['sleep 100']);
    expect(await engine.usage(id)).toEqual({ memoryBytes: 2000, cpuPercent: 40, pids: 2 });
    expect(await engine.stopContainer(id, 0)).toBe(true);
    expect(await engine.stopContainer(id, 0)).toBe(false);
    expect(await engine.processes(id)).toEqual([]);
    await engine.killContainer(id, 'KILL');
    await engine.removeContainer(id);
    await engine.removeContainer(id);
    await engine.killContainer(id, 'KILL');
    expect(await engine.listContainers()).toEqual([]);
  });

  it('is waited for when somebody else is removing it', async () => {
    const id = await running();
    fake.fails(/^DELETE/, 409, 'removal of container is already in progress');
    await engine.removeContainer(id);
    expect(fake.requests.at(-1)?.url).toBe(`/containers/${id}/wait?condition=removed`);
  });

  it('with a name that is taken is CCB_NAME_TAKEN, also where the engine says 500', async () => {
    await running();
    expect(await rejection(engine.createContainer('box', { Image: 'image:1' }))).toMatchObject({
      code: 'CCB_NAME_TAKEN',
    });
    fake.fails(/create/, 500, 'the container name "box" is already in use by f00. You have to remove that container');
    expect(await rejection(engine.createContainer('box', { Image: 'image:1' }))).toMatchObject({
      code: 'CCB_NAME_TAKEN',
    });
  });

  it('whose program is missing is CCB_PROGRAM_NOT_FOUND', async () => {
    const id = await engine.createContainer('box', { Image: 'image:1' });
    fake.fails(/start$/, 400, 'OCI runtime create failed: exec: "nosuch": executable file not found in $PATH: unknown');
    expect(await rejection(engine.startContainer(id))).toMatchObject({ code: 'CCB_PROGRAM_NOT_FOUND' });
  });

  it('is watched by all who want to, over one stream', async () => {
    const seen: EngineEvent[] = [];
    const id = await running();
    const { promise: died, resolve } = deferred();
    const { promise: joined, resolve: join } = deferred();
    const ends = [
      engine.watch(id, (event) => {
        seen.push(event);
        if (event.action === 'back') join();
        if (event.action === 'die') resolve();
      }),
      engine.watch('other', (event) => expect(event.action).toBe('back')),
    ];
    await joined;
    fake.state.die(id, 3);
    await died;
    expect(seen.at(-1)).toMatchObject({ action: 'die', exitCode: 3 });
    expect(fake.requests.filter(({ url }) => url.startsWith('/events'))).toHaveLength(1);
    for (const end of ends) end();
    await fake.whenIdle();
  });
});

describe('an engine that is lost', () => {
  it('is told to who watches, and that it is back, with how things are now', async () => {
    const id = await running();
    const seen: EngineEvent[] = [];
    const back = deferred();
    const end = engine.watch(id, (event) => {
      seen.push(event);
      if (event.action !== 'back') return;
      if (seen.some(({ action }) => action === 'lost')) back.resolve();
      else fake.breakConnections();
    });
    await back.promise;
    end();
    expect(seen.map(({ action }) => action)).toEqual(['back', 'lost', 'back']);
    expect(seen.at(-1)?.inspection).toMatchObject({ id, state: { running: true } });
  });
});

describe('an exec', () => {
  it('gives its input, its outputs apart, and its status', async () => {
    fake.program = ({ stdin, say, exit }) => {
      say('stderr', 'a warning');
      stdin.on('data', (chunk: Buffer) => say('stdout', chunk.toString().toUpperCase()));
      stdin.once('end', () => exit(3));
    };
    const id = await running();
    expect(await engine.exec(id, { argv: ['loud'], input: 'words' })).toEqual({
      exitCode: 3,
      stdout: 'WORDS',
      stderr: 'a warning',
    });
  });

  it('keeps 1 MiB of each output, and ends nevertheless', async () => {
    fake.program = ({ say, exit }) => {
      say('stdout', Buffer.alloc(3 * 1024 * 1024, 'o'));
      say('stderr', Buffer.alloc(3 * 1024 * 1024, 'e'));
      exit(0);
    };
    const { stdout, stderr } = await engine.exec(await running(), { argv: ['loud'] });
    expect([stdout.length, stderr.length]).toEqual([1024 * 1024, 1024 * 1024]);
  });

  it.each([126, 127])('of what cannot be run is CCB_PROGRAM_NOT_FOUND (%i)', async (code) => {
    fake.program = ({ argv, say, exit }) => {
      say('stdout', `OCI runtime exec failed: exec failed: exec: "${argv[0]}": executable file not found in $PATH\r\n`);
      exit(code);
    };
    const failure = await rejection(engine.exec(await running(), { argv: ['nosuch'] }));
    expect(failure).toMatchObject({ code: 'CCB_PROGRAM_NOT_FOUND', message: expect.stringContaining('nosuch') });
  });

  it('of a shell that finds no program is a result', async () => {
    fake.program = ({ say, exit }) => {
      say('stderr', 'sh: nosuch: not found\n');
      exit(127);
    };
    expect(await engine.exec(await running(), { argv: ['sh', '-c', 'nosuch'] })).toMatchObject({ exitCode: 127 });
  });

  it('is refused without an upgrade of the connection', async () => {
    const id = await running();
    fake.fails(/^POST \/exec/, 'plain');
    expect(await rejection(engine.exec(id, { argv: ['cat'] }))).toMatchObject({
      code: 'CCB_BACKEND_UNREACHABLE',
      message: expect.stringContaining('a plain answer'),
    });
  });

  it('that is held open ends with the engine', async () => {
    const session = await engine.openExec(await running(), { argv: ['cat'] });
    session.stdin.write('one line\n');
    for await (const chunk of session.stdout) {
      expect(String(chunk)).toBe('one line\n');
      break;
    }
    engine.close();
    expect(await session.exit).toBeUndefined();
  });
});

describe('an image', () => {
  it('tells its progress for people', async () => {
    const lines: string[] = [];
    await engine.pullImage('debian', (line) => lines.push(line));
    expect(lines).toEqual(['abc: Pulling fs layer', 'Done']);
    // Without a tag every one of the repository would come.
    expect(fake.requests.at(-1)?.url).toBe('/images/create?fromImage=debian&tag=latest');
  });

  it('that cannot be pulled is told in the words of the registry, though HTTP said 200', async () => {
    fake.state.answer = () => ({ status: 200, raw: Buffer.from('{"status":"…"}\n{"error":"manifest unknown"}\n') });
    expect(await rejection(engine.pullImage('debian:none'))).toMatchObject({
      code: 'CCB_NOT_FOUND',
      message: expect.stringContaining('manifest unknown'),
    });
  });

  it('whose tar breaks off is an error, and nobody holds the tar', async () => {
    const broken = Readable.from(
      (async function* () {
        yield Buffer.alloc(512);
        throw new Error('The disk is gone.');
      })(),
    );
    expect(await rejection(engine.importImage('image:2', broken, []))).toMatchObject({
      message: expect.stringContaining('The disk is gone.'),
    });
    expect(broken.destroyed).toBe(true);
  });
});

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve: () => void = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
