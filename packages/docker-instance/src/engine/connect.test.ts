import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { chooseEndpoint, connectEngine } from './connect.ts';
import { presentSocket, usualSockets } from './usual-sockets.ts';

let home: string;
let env: NodeJS.ProcessEnv;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'docker-home-'));
  env = { HOME: home };
});
afterEach(() => rmSync(home, { recursive: true }));

function write(path: string, value: unknown): void {
  const file = join(home, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, typeof value === 'string' ? value : JSON.stringify(value));
}

function writeContext(name: string, docker: object, directory = '.docker'): string {
  const id = createHash('sha256').update(name).digest('hex');
  write(join(directory, 'contexts/meta', id, 'meta.json'), { Name: name, Endpoints: { docker } });
  return id;
}

/** A socket where somebody listens, until the end of the block. */
async function listening(path: string): Promise<AsyncDisposable> {
  mkdirSync(dirname(path), { recursive: true });
  const server = createServer().listen(path);
  await once(server, 'listening');
  return {
    [Symbol.asyncDispose]: async () => {
      await once(server.close(), 'close');
    },
  };
}

describe('the engine that is chosen', () => {
  it('is the one of the options, before all else', () => {
    env.DOCKER_HOST = 'tcp://elsewhere:1';
    writeContext('one', { Host: 'tcp://one:2375' });
    expect(chooseEndpoint({ socketPath: '/s', env })).toEqual({ protocol: 'unix', path: '/s' });
    expect(chooseEndpoint({ host: 'tcp://here:2', env })).toMatchObject({ host: 'here', port: 2 });
    expect(chooseEndpoint({ context: 'one', env })).toMatchObject({ host: 'one', port: 2375 });
  });

  it('is the one of DOCKER_HOST before any context', () => {
    Object.assign(env, { DOCKER_HOST: 'tcp://elsewhere:1', DOCKER_CONTEXT: 'one' });
    expect(chooseEndpoint({ env })).toEqual({ protocol: 'http', host: 'elsewhere', port: 1 });
  });

  it.each([
    [
      { DOCKER_CERT_PATH: '/certificates', DOCKER_TLS_VERIFY: '1' },
      { directory: '/certificates', verify: true },
    ],
    [{ DOCKER_CERT_PATH: '/certificates' }, { directory: '/certificates', verify: true }],
    [{ DOCKER_TLS_VERIFY: '1' }, { verify: true }],
  ])('speaks TLS with %j', (variables, tls) => {
    Object.assign(env, { DOCKER_HOST: 'tcp://elsewhere', ...variables });
    expect(chooseEndpoint({ env })).toEqual({ protocol: 'https', host: 'elsewhere', port: 2376, tls });
  });

  it('is the one of the current context', () => {
    write('.docker/config.json', { currentContext: 'one' });
    writeContext('one', { Host: 'ssh://me@one' });
    expect(chooseEndpoint({ env })).toEqual({ protocol: 'ssh', host: 'one', user: 'me' });
  });

  it('is the one of DOCKER_CONTEXT before the current one', () => {
    write('.docker/config.json', { currentContext: 'one' });
    writeContext('two', { Host: 'tcp://two:2375' });
    env.DOCKER_CONTEXT = 'two';
    expect(chooseEndpoint({ env })).toMatchObject({ host: 'two' });
  });

  it('is looked for in DOCKER_CONFIG', () => {
    env.DOCKER_CONFIG = join(home, 'moved');
    write('moved/config.json', { currentContext: 'one' });
    writeContext('one', { Host: 'tcp://one:2375' }, 'moved');
    expect(chooseEndpoint({ env })).toMatchObject({ host: 'one' });
  });

  it('has the certificates of its context', () => {
    const id = writeContext('one', { Host: 'tcp://one:2376', SkipTLSVerify: true });
    write(`.docker/contexts/tls/${id}/docker/ca.pem`, 'pem');
    const directory = join(home, '.docker/contexts/tls', id, 'docker');
    expect(chooseEndpoint({ context: 'one', env })).toMatchObject({
      protocol: 'https',
      tls: { directory, verify: false },
    });
  });

  it('is the first usual socket that is there, though nobody may answer', async () => {
    env.XDG_RUNTIME_DIR = join(home, 'run');
    await using _podman = await listening(join(home, 'run/podman/podman.sock'));
    expect(presentSocket(usualSockets(env, home))).toBe(join(home, 'run/podman/podman.sock'));
    await using _desktop = await listening(join(home, '.docker/run/docker.sock'));
    expect(presentSocket(usualSockets(env, home))).toBe(join(home, '.docker/run/docker.sock'));
    expect(chooseEndpoint({ env }, usualSockets(env, home))).toEqual({
      protocol: 'unix',
      path: join(home, '.docker/run/docker.sock'),
    });
  });

  it('is a usual one with the default context, whatever the current one is', async () => {
    write('.docker/config.json', { currentContext: 'one' });
    await using _socket = await listening(join(home, 'var/run/docker.sock'));
    const path = join(home, 'var/run/docker.sock');
    expect(chooseEndpoint({ context: 'default', env }, usualSockets(env, home))).toEqual({ protocol: 'unix', path });
  });

  it('takes no plain file for a socket', () => {
    write('var/run/docker.sock', '');
    expect(presentSocket(usualSockets(env, home))).toBeUndefined();
  });
});

describe('what makes no sense is refused', () => {
  it('no engine anywhere, with what was tried and what to do', () => {
    expect(() => chooseEndpoint({ env }, usualSockets(env, home))).toThrow(
      expect.objectContaining({
        code: 'CCB_BACKEND_UNREACHABLE',
        retryable: true,
        message: expect.stringMatching(/var\/run\/docker\.sock.*podman\.sock.*DOCKER_HOST.*docker context use/),
      }),
    );
  });

  it('a context that is not there', () => {
    expect(() => chooseEndpoint({ context: 'gone', env })).toThrow(/no docker context gone .*docker context ls/);
  });

  it('a configuration that is no JSON', () => {
    write('.docker/config.json', '{');
    expect(() => chooseEndpoint({ env })).toThrow(/config\.json cannot be read as JSON/);
  });

  it('a host that is none', () => {
    env.DOCKER_HOST = 'nonsense://x';
    expect(() => chooseEndpoint({ env })).toThrow(TypeError);
  });

  it('a directory without certificates', () => {
    expect(() => connectEngine({ host: 'tcp://here', certPath: home, env })).toThrow(/has no certificates/);
  });

  it('a client that is none', () => {
    const docker = { modem: {}, getContainer: (id: string) => ({ id }) };
    expect(() => connectEngine({ docker, env })).toThrow(/client of dockerode/);
  });
});
