import { existsSync, readFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { Agent as TlsAgent } from 'node:https';
import { join } from 'node:path';
import { inspect } from 'node:util';
import Docker from 'dockerode';
import { type DockerClient, type Modem, modemOf } from './docker-client.ts';
import { addressOf, type Endpoint, type Tls } from './endpoint.ts';
import { SshAgent } from './ssh-agent.ts';

export interface Place {
  readonly address: string;
  readonly isLocal: boolean;
}

/** @throws {TypeError} a certificate that was named cannot be read */
export function ownModem(endpoint: Endpoint, env: NodeJS.ProcessEnv): Modem {
  const { protocol, path, host, port, tls } = endpoint;
  // What is not named here would come from DOCKER_HOST, even against a socket that is.
  const common = {
    socketPath: undefined,
    host: undefined,
    port: undefined,
    ca: undefined,
    cert: undefined,
    key: undefined,
    timeout: undefined,
  };
  if (protocol === 'unix') {
    return dockerodeModem({
      ...common,
      protocol: 'http',
      socketPath: path,
      agent: opaque(new Agent({ keepAlive: false })),
    });
  }
  if (protocol === 'ssh') {
    return dockerodeModem({
      ...common,
      protocol: 'http',
      host,
      pathPrefix: '/',
      agent: opaque(new SshAgent(endpoint, env)),
    });
  }
  const place = { ...common, protocol, host, port, pathPrefix: '/' };
  if (protocol === 'http') return dockerodeModem({ ...place, agent: opaque(new Agent({ keepAlive: false })) });
  const rejectUnauthorized = tls?.verify ?? true;
  return dockerodeModem({
    ...place,
    ...certificatesOf(tls),
    agent: opaque(new TlsAgent({ keepAlive: false, rejectUnauthorized })),
  });
}

/** Where a borrowed client talks to, as far as it says so. */
export function borrowedEndpoint({ socketPath, host, port, protocol }: Modem): Place {
  if (typeof host === 'string' && host !== '') {
    const name = host.replace(/^[a-z]+:\/\//, '').replace(/^[^/@]*@/, '');
    const number = Number(port);
    const scheme = protocol === 'ssh' ? 'ssh' : 'http';
    return { address: addressOf({ protocol: scheme, host: name, port: number || undefined }), isLocal: false };
  }
  const path = typeof socketPath === 'string' ? socketPath : '/var/run/docker.sock';
  return { address: `unix://${path}`, isLocal: true };
}

function dockerodeModem(options: object): Modem {
  try {
    const client: DockerClient = new Docker(options);
    return modemOf(client);
  } catch (cause) {
    // It reads the environment of the process even where everything is said.
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new TypeError(`DOCKER_HOST and DOCKER_CERT_PATH of this process make no sense: ${said}`, { cause });
  }
}

/** The client formats each request for its debug log, read or not, with everything in reach: the agent's open connections. */
function opaque<A extends Agent>(agent: A): A {
  return Object.defineProperty(agent, inspect.custom, { value: () => agent.constructor.name });
}

function certificatesOf({ directory }: Tls = {}): object {
  if (directory === undefined) return {};
  const files = { ca: join(directory, 'ca.pem'), cert: join(directory, 'cert.pem'), key: join(directory, 'key.pem') };
  // A server may ask for no certificate of its clients, and have one that the machine knows.
  const present = Object.entries(files).filter(([, file]) => existsSync(file));
  if (present.length === 0) {
    throw new TypeError(`${directory} has no certificates: DOCKER_CERT_PATH has ca.pem, cert.pem and key.pem.`);
  }
  return Object.fromEntries(present.map(([name, file]) => [name, readCertificate(file)]));
}

function readCertificate(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new TypeError(`The certificate ${file} cannot be read. May this user read it?`, { cause });
  }
}
