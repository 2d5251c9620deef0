import { readFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { Agent as TlsAgent } from 'node:https';
import { join } from 'node:path';
import Docker from 'dockerode';
import { type DockerClient, type Modem, modemOf } from './docker-client.ts';
import { addressOf, type Endpoint, type Tls } from './endpoint.ts';

export interface Place {
  readonly address: string;
  readonly isLocal: boolean;
}

/** @throws {TypeError} a certificate that was named cannot be read */
export function ownModem(endpoint: Endpoint): Modem {
  const { protocol, path, host, port, user, tls } = endpoint;
  // What is not named here would come from DOCKER_HOST, even against a socket that is.
  const common = {
    socketPath: undefined,
    host: undefined,
    port: undefined,
    ca: undefined,
    cert: undefined,
    key: undefined,
  };
  if (protocol === 'unix') {
    return dockerodeModem({ ...common, protocol: 'http', socketPath: path, agent: new Agent({ keepAlive: false }) });
  }
  if (protocol === 'ssh') {
    return dockerodeModem({ ...common, protocol, host, port: port ?? 22, username: user });
  }
  const place = { ...common, protocol, host, port, pathPrefix: '/' };
  if (protocol === 'http') return dockerodeModem({ ...place, agent: new Agent({ keepAlive: false }) });
  const rejectUnauthorized = tls?.verify ?? true;
  return dockerodeModem({
    ...place,
    ...certificatesOf(tls),
    agent: new TlsAgent({ keepAlive: false, rejectUnauthorized }),
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
  const client: DockerClient = new Docker(options);
  return modemOf(client);
}

function certificatesOf(tls: Tls | undefined): object {
  const directory = tls?.directory;
  if (directory === undefined) return {};
  const read = (name: string): Buffer => {
    try {
      return readFileSync(join(directory, name));
    } catch (cause) {
      throw new TypeError(
        `${join(directory, name)} cannot be read. DOCKER_CERT_PATH has ca.pem, cert.pem and key.pem.`,
        {
          cause,
        },
      );
    }
  };
  return { ca: read('ca.pem'), cert: read('cert.pem'), key: read('key.pem') };
}
