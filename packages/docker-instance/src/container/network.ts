import { isIP } from 'node:net';
import type { ContainerConfig, HostConfig } from '../engine/engine.ts';
import { type Bad, list, matching, object, wholeNumber } from './fields.ts';

export interface PortSpec {
  /** TCP, in the container. */
  readonly container: number;
  /** Default: a free one. */
  readonly host?: number | undefined;
  /** Default 127.0.0.1: this machine alone. */
  readonly hostIp?: string | undefined;
}

/** What of a container's network is asked for. */
export interface NetworkWishes {
  readonly network: string;
  readonly ports: readonly PortSpec[];
  /** Names to addresses, or to `host-gateway`: the machine of the engine. */
  readonly extraHosts: Readonly<Record<string, string>>;
  readonly networkAliases: readonly string[];
}

const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/;
const HOST_NAME = /^[a-zA-Z0-9_]([a-zA-Z0-9_.-]{0,251}[a-zA-Z0-9_])?$/;

export function parseNetwork(value: unknown, bad: Bad): string {
  return matching(value, 'network', NAME, "'none', 'bridge' or the name of a network", bad);
}

export function parsePorts(value: unknown, bad: Bad): readonly PortSpec[] {
  const ports = list(value, 'ports', bad).map((entry, index) => parsePort(entry, `ports[${index}]`, bad));
  const taken = new Set<string>();
  for (const [index, { host, hostIp }] of ports.entries()) {
    if (host === undefined) continue;
    const place = `${hostIp ?? LOOPBACK}:${host}`;
    if (taken.has(place)) throw bad(`ports[${index}].host`, `a port that no other entry has (${place})`);
    taken.add(place);
  }
  return ports;
}

function parsePort(value: unknown, field: string, bad: Bad): PortSpec {
  const { container, host, hostIp } = object(value, field, ['container', 'host', 'hostIp'], bad);
  wholeNumber(container, `${field}.container`, 1, 65_535, bad);
  if (host !== undefined) wholeNumber(host, `${field}.host`, 1, 65_535, bad);
  if (hostIp !== undefined && (typeof hostIp !== 'string' || isIP(hostIp) === 0))
    throw bad(`${field}.hostIp`, 'an address of this machine, such as 127.0.0.1');
  return value as PortSpec;
}

export function parseExtraHosts(value: unknown, bad: Bad): Readonly<Record<string, string>> {
  for (const [name, address] of Object.entries(object(value, 'extraHosts', undefined, bad))) {
    if (!HOST_NAME.test(name))
      throw bad('extraHosts', `an object of names of hosts, and ${JSON.stringify(name)} is none`);
    if (address !== 'host-gateway' && (typeof address !== 'string' || isIP(address) === 0))
      throw bad(`extraHosts.${name}`, "an address, or 'host-gateway'");
  }
  return value as Readonly<Record<string, string>>;
}

export function parseAliases(value: unknown, bad: Bad): readonly string[] {
  return list(value, 'networkAliases', bad).map((alias, index) =>
    matching(alias, `networkAliases[${index}]`, HOST_NAME, 'a name of a host', bad),
  );
}

/** Names, and ports of its own, are a network's that somebody made. */
export function isBuiltIn(network: string): boolean {
  return network === 'none' || network === 'bridge' || network === 'host';
}

const LOOPBACK = '127.0.0.1';

export function networkConfig(wishes: NetworkWishes): Pick<ContainerConfig, 'ExposedPorts' | 'NetworkingConfig'> & {
  readonly HostConfig: Pick<HostConfig, 'NetworkMode' | 'ExtraHosts' | 'PortBindings'>;
} {
  const { network, ports, extraHosts, networkAliases } = wishes;
  const bindings: Record<string, { readonly HostIp: string; readonly HostPort: string }[]> = {};
  for (const { container, host, hostIp } of ports) {
    bindings[`${container}/tcp`] ??= [];
    bindings[`${container}/tcp`]?.push({
      HostIp: hostIp ?? LOOPBACK,
      HostPort: host === undefined ? '' : String(host),
    });
  }
  return {
    ...(ports.length > 0 && { ExposedPorts: Object.fromEntries(Object.keys(bindings).map((port) => [port, {}])) }),
    ...(networkAliases.length > 0 && {
      NetworkingConfig: { EndpointsConfig: { [network]: { Aliases: networkAliases } } },
    }),
    HostConfig: {
      NetworkMode: network,
      ExtraHosts: Object.entries(extraHosts).map(([name, address]) => `${name}:${address}`),
      PortBindings: bindings,
    },
  };
}
