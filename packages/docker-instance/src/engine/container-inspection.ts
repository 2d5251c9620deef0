import type { ContainerInspection } from './engine.ts';
import { Fields } from './fields.ts';

/** What Docker and podman write for a time that has not come. */
const NEVER = '0001-01-01';

export function containerInspection(from: Fields): ContainerInspection {
  const config = from.in('Config');
  const state = from.in('State');
  const host = from.in('HostConfig');
  const status = state.text('Status');
  return {
    id: from.text('Id'),
    name: from.text('Name').replace(/^\//, ''),
    image: config.text('Image'),
    imageId: from.text('Image'),
    createdAt: from.text('Created'),
    labels: config.in('Labels').textMap(),
    user: config.text('User'),
    tty: config.flag('Tty'),
    env: config.texts('Env'),
    state: {
      status,
      running: state.flag('Running'),
      paused: state.flag('Paused'),
      exitCode: state.number('ExitCode'),
      oomKilled: state.flag('OOMKilled'),
      error: state.text('Error'),
      pid: state.number('Pid'),
      startedAt: timeOf(state.text('StartedAt')),
      finishedAt: timeOf(state.text('FinishedAt')),
      health: state.in('Health').text('Status') || undefined,
    },
    restartCount: from.number('RestartCount'),
    mounts: from.list('Mounts').map(mountOf),
    ports: from.in('NetworkSettings').in('Ports').entries().flatMap(portsOf),
    networks: networksOf(from.in('NetworkSettings').in('Networks')),
    limits: {
      memoryBytes: host.number('Memory') || undefined,
      cpus: cpusOf(host),
      pids: host.number('PidsLimit') > 0 ? host.number('PidsLimit') : undefined,
    },
    readOnlyRootfs: host.flag('ReadonlyRootfs'),
  };
}

function timeOf(text: string): string | undefined {
  return text === '' || text.startsWith(NEVER) ? undefined : text;
}

function mountOf(value: unknown): ContainerInspection['mounts'][number] {
  const mount = new Fields(value);
  return {
    type: mount.text('Type'),
    // A volume is known by its name; its directory is the engine's own affair.
    source: mount.text('Type') === 'volume' ? mount.text('Name') : mount.text('Source'),
    target: mount.text('Destination'),
    readOnly: mount.has('RW') && !mount.flag('RW'),
  };
}

function portsOf([name, bindings]: readonly [string, unknown]): ContainerInspection['ports'] {
  const [port = '', protocol = 'tcp'] = name.split('/');
  const container = Number(port);
  if (!Array.isArray(bindings) || bindings.length === 0) {
    return [{ container, host: undefined, hostIp: undefined, protocol }];
  }
  return bindings.map((value) => {
    const binding = new Fields(value);
    return {
      container,
      host: Number(binding.text('HostPort')) || undefined,
      hostIp: binding.text('HostIp') || undefined,
      protocol,
    };
  });
}

function networksOf(networks: Fields): ContainerInspection['networks'] {
  return Object.fromEntries(
    networks.entries().map(([name, value]) => {
      const network = new Fields(value);
      const aliases = network.texts('Aliases');
      return [name, { address: network.text('IPAddress'), gateway: network.text('Gateway'), aliases }];
    }),
  );
}

function cpusOf(host: Fields): number | undefined {
  const nano = host.number('NanoCpus');
  if (nano > 0) return nano / 1e9;
  const quota = host.number('CpuQuota');
  return quota > 0 ? quota / (host.number('CpuPeriod') || 100_000) : undefined;
}
