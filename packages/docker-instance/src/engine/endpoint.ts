import { homedir } from 'node:os';

/** Where an engine is and how it is talked to. */
export interface Endpoint {
  readonly protocol: 'unix' | 'http' | 'https' | 'ssh';
  /** Of `unix`. */
  readonly path?: string | undefined;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  /** Of `ssh`. */
  readonly user?: string | undefined;
  readonly tls?: Tls | undefined;
}

export interface Tls {
  /** Has ca.pem, cert.pem and key.pem, each where it is needed. */
  readonly directory?: string | undefined;
  /** Default true. */
  readonly verify?: boolean | undefined;
}

const PLAIN_PORT = 2375;
const TLS_PORT = 2376;

/**
 * Reads `unix:///path`, `tcp://host:port`, `http(s)://host:port`, `ssh://user@host`, and, as Docker does, `host:port`.
 *
 * @throws {TypeError} naming `source`: it is none of these
 */
export function parseHost(value: string, source: string, tls?: Tls): Endpoint {
  const text = value.includes('://') ? value : `tcp://${value}`;
  if (text.startsWith('unix://')) {
    const path = text.slice('unix://'.length);
    if (!path.startsWith('/')) throw invalid(value, source);
    return { protocol: 'unix', path };
  }
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.hostname === '' || url.password !== '' || !['', '/'].includes(url.pathname)) {
    throw invalid(value, source);
  }
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = url.port === '' ? undefined : Number(url.port);
  switch (url.protocol) {
    case 'ssh:':
      return { protocol: 'ssh', host, port, user: decodeURIComponent(url.username) || undefined };
    case 'https:':
      return { protocol: 'https', host, port: port ?? 443, tls: tls ?? {} };
    case 'http:':
      return { protocol: 'http', host, port: port ?? 80 };
    case 'tcp:':
      return tls === undefined
        ? { protocol: 'http', host, port: port ?? PLAIN_PORT }
        : { protocol: 'https', host, port: port ?? TLS_PORT, tls };
    default:
      throw invalid(value, source);
  }
}

/** As people write it. */
export function addressOf({ protocol, path, host = '', port, user }: Endpoint): string {
  if (protocol === 'unix') return `unix://${path}`;
  const name = host.includes(':') ? `[${host}]` : host;
  const at = port === undefined ? name : `${name}:${port}`;
  if (protocol === 'ssh') return user === undefined ? `ssh://${at}` : `ssh://${user}@${at}`;
  return `tcp://${at}`;
}

export function homeOf(env: NodeJS.ProcessEnv): string {
  return env.HOME || homedir();
}

function invalid(value: string, source: string): TypeError {
  // A password may stand in it.
  const shown = value.replace(/\/\/[^/@]*@/, '//…@');
  const forms = 'unix:///path, tcp://host:port, http(s)://host:port or ssh://user@host';
  return new TypeError(`${source} is ${JSON.stringify(shown)}, and should be ${forms} (without a password).`);
}
