import { InstanceError } from '@ccb/instance-interface';
import { type DockerClient, modemOf } from './docker-client.ts';
import { contextEndpoint, currentContext } from './docker-context.ts';
import { DockerodeEngine } from './dockerode-engine.ts';
import { addressOf, type Endpoint, parseHost, type Tls } from './endpoint.ts';
import type { Engine } from './engine.ts';
import { borrowedEndpoint, ownModem } from './modem.ts';
import { presentSocket, usualSockets } from './usual-sockets.ts';

export interface EngineOptions {
  /** Used as it is, and never closed; the other options do not count. */
  readonly docker?: DockerClient | undefined;
  readonly socketPath?: string | undefined;
  /** As DOCKER_HOST: `unix:///path`, `tcp://host:port`, `http(s)://host:port`, `ssh://user@host`. */
  readonly host?: string | undefined;
  /** As DOCKER_CERT_PATH: a directory with ca.pem, cert.pem and key.pem. */
  readonly certPath?: string | undefined;
  /** As DOCKER_TLS_VERIFY. */
  readonly tlsVerify?: boolean | undefined;
  /** The name of a docker context. */
  readonly context?: string | undefined;
  /** Default: the environment of this process. */
  readonly env?: NodeJS.ProcessEnv | undefined;
}

/**
 * The engine that the options name, else the environment, else the docker context in use, else the first that is where
 * engines usually are. It is not asked anything yet: `about()` finds out whether it answers and is new enough.
 *
 * @throws {InstanceError} CCB_BACKEND_UNREACHABLE: there is none
 * @throws {TypeError} what names it makes no sense
 */
export function connectEngine(options: EngineOptions = {}): Engine {
  if (options.docker !== undefined) {
    const modem = modemOf(options.docker);
    return new DockerodeEngine(modem, borrowedEndpoint(modem));
  }
  const endpoint = chooseEndpoint(options);
  return new DockerodeEngine(ownModem(endpoint, options.env ?? process.env), {
    address: addressOf(endpoint),
    isLocal: endpoint.protocol === 'unix',
  });
}

/** Which engine `connectEngine` would take. @throws as it does */
export function chooseEndpoint(options: EngineOptions = {}, sockets?: readonly string[]): Endpoint {
  const env = options.env ?? process.env;
  const tls = tlsOf(options, env);
  if (options.socketPath !== undefined) return { protocol: 'unix', path: options.socketPath };
  if (options.host !== undefined) return parseHost(options.host, 'host', tls);
  if (options.context !== undefined && options.context !== 'default') return contextEndpoint(options.context, env);
  if (env.DOCKER_HOST && options.context === undefined) return parseHost(env.DOCKER_HOST, 'DOCKER_HOST', tls);
  const context = options.context === undefined ? currentContext(env) : undefined;
  if (context !== undefined) return contextEndpoint(context, env);
  const usual = sockets ?? usualSockets(env);
  const path = presentSocket(usual);
  if (path === undefined) throw noEngine(usual);
  return { protocol: 'unix', path };
}

function tlsOf(options: EngineOptions, env: NodeJS.ProcessEnv): Tls | undefined {
  const directory = options.certPath ?? (env.DOCKER_CERT_PATH || undefined);
  // As in the docker command, any value but the empty one means yes.
  const verify = options.tlsVerify ?? Boolean(env.DOCKER_TLS_VERIFY);
  if (!verify && directory === undefined) return undefined;
  return { directory, verify: options.tlsVerify ?? true };
}

function noEngine(tried: readonly string[]): InstanceError {
  const message = [
    'There is no Docker engine here: DOCKER_HOST is not set, no docker context is in use, and there is no socket at',
    `${tried.join(', ')}. Start one (Docker, podman, OrbStack, Colima), or say where it is: DOCKER_HOST or \`docker context use\`.`,
  ].join(' ');
  return new InstanceError('CCB_BACKEND_UNREACHABLE', message, { retryable: true });
}
