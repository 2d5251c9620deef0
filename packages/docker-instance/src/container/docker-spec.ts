import { isAbsolute } from 'node:path';
import { parseAgentSpec } from '@ccb/container-agent';
import type { InstanceSpec } from '@ccb/instance-interface';
import { type Bad, matching, object, oneOf } from './fields.ts';
import { type MountSpec, parseMounts, workspaceMount, workspaceTarget } from './mounts.ts';
import { isBuiltIn, type PortSpec, parseAliases, parseExtraHosts, parseNetwork, parsePorts } from './network.ts';
import { type LimitSpec, parseLimits, parseSecurity, type SecuritySpec } from './restrictions.ts';

export interface DockerSpec extends InstanceSpec {
  readonly type: 'docker';
  /** Default `ccb/claude`, which `ccb image build` makes. */
  readonly image?: string | undefined;
  /** Default `'missing'`. */
  readonly pull?: 'missing' | 'always' | 'never' | undefined;
  /** How the agent is reached: the pipes through a mount, a relay by exec, or what a real round trip proves. Default `'auto'`. */
  readonly transport?: 'auto' | 'fifo' | 'exec' | undefined;
  /** Default `'bridge'`: Claude Code needs its API. A network that does not exist is made, and removed with the instance. */
  readonly network?: 'none' | 'bridge' | (string & {}) | undefined;
  readonly ports?: readonly PortSpec[] | undefined;
  /** Names to addresses, or to `host-gateway`: the machine of the engine. */
  readonly extraHosts?: Readonly<Record<string, string>> | undefined;
  /** What other containers of a network of one's own call this one. */
  readonly networkAliases?: readonly string[] | undefined;
  /** Beside the workspace. One with the target `/workspace` takes its place, which makes it read-only where it says so. */
  readonly mounts?: readonly MountSpec[] | undefined;
  /** `uid` or `uid:gid`. Default: the owner of the workspace, else the caller; never root by itself. */
  readonly user?: string | undefined;
  readonly limits?: LimitSpec | undefined;
  readonly security?: SecuritySpec | undefined;
  /** A container made by hand, by name or id: nothing of it is changed but that an agent runs in it, and it is never removed. */
  readonly adopt?: { readonly container: string } | undefined;
  /** The instance's own directory, absolute; it must not exist. Default `<home>/instances/<name>`. */
  readonly directory?: string | undefined;
}

/** What an adopted container has already. */
const OF_THE_CONTAINER = [
  'image',
  'pull',
  'network',
  'ports',
  'extraHosts',
  'networkAliases',
  'mounts',
  'user',
  'limits',
  'security',
] as const;
const OWN: readonly string[] = [...OF_THE_CONTAINER, 'transport', 'adopt', 'directory'];

const COMPONENT = '[a-z0-9]+(?:(?:[.]|__?|-+)[a-z0-9]+)*';
const DIGEST = 'sha256:[0-9a-f]{64}';
const IMAGE: RegExp = new RegExp(
  `^(?:${DIGEST}|(?:[a-zA-Z0-9][a-zA-Z0-9.-]*(?::[0-9]{1,5})?/)?${COMPONENT}(?:/${COMPONENT})*(?::[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127})?(?:@${DIGEST})?)$`,
);
const CONTAINER = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;
const USER = /^(root|\d{1,10}(:\d{1,10})?)$/;

/**
 * Unknown JSON in, a spec out. Whether the workspace is there is not looked at: the engine may be another machine's.
 * @throws {TypeError} with the path of the field @throws {InstanceError} CCB_PROGRAM_NOT_FOUND
 */
export function parseDockerSpec(value: unknown): DockerSpec {
  const spec = parseAgentSpec<DockerSpec>('docker', value, OWN, { workspace: 'elsewhere' });
  checkFields(spec as { readonly [K in keyof DockerSpec]?: unknown });
  const senseless = contradiction(spec);
  if (senseless !== undefined) throw new TypeError(`docker: ${senseless}`);
  const mount = workspaceMount(spec.mounts ?? []);
  return mount === undefined ? spec : { ...spec, workspace: mount.source };
}

const bad: Bad = (field, expected) => new TypeError(`docker: ${field} must be ${expected}`);

function checkFields(spec: { readonly [K in keyof DockerSpec]?: unknown }): void {
  const { image, pull, transport, network, ports, extraHosts, networkAliases, mounts, user, limits, security } = spec;
  if (image !== undefined) checkImage(image);
  if (pull !== undefined) oneOf(pull, 'pull', ['missing', 'always', 'never'], bad);
  if (transport !== undefined) oneOf(transport, 'transport', ['auto', 'fifo', 'exec'], bad);
  if (network !== undefined) parseNetwork(network, bad);
  if (ports !== undefined) parsePorts(ports, bad);
  if (extraHosts !== undefined) parseExtraHosts(extraHosts, bad);
  if (networkAliases !== undefined) parseAliases(networkAliases, bad);
  if (mounts !== undefined) parseMounts(mounts, bad);
  if (user !== undefined) {
    const form = "'uid' or 'uid:gid', such as '1000:1000'; the uid of another name than root only the image knows";
    matching(user, 'user', USER, form, bad);
  }
  if (limits !== undefined) parseLimits(limits, bad);
  if (security !== undefined) parseSecurity(security, bad);
  if (spec.adopt !== undefined) {
    const { container } = object(spec.adopt, 'adopt', ['container'], bad);
    matching(container, 'adopt.container', CONTAINER, 'the name or id of a container', bad);
  }
  if (spec.directory !== undefined && (typeof spec.directory !== 'string' || !isAbsolute(spec.directory)))
    throw bad('directory', 'an absolute path');
}

function checkImage(image: unknown): void {
  if (typeof image !== 'string' || image.length > 512 || !IMAGE.test(image))
    throw bad('image', 'the name of an image, such as node:22 or ghcr.io/me/box@sha256:…');
}

/** Why two fields cannot be meant together, and what to do. */
function contradiction(spec: DockerSpec): string | undefined {
  const { network = 'bridge', ports = [], networkAliases = [], mounts = [], adopt, workspace } = spec;
  if (spec.login === 'person') {
    return "login 'person' is not there in a container, which has a home of its own. Mount your configuration on purpose: mounts: [{ source: '/home/me/.claude', target: '/login' }] and env: { CLAUDE_CONFIG_DIR: '/login' }";
  }
  if (adopt !== undefined) {
    const given = OF_THE_CONTAINER.filter((field) => spec[field] !== undefined);
    if (given.length > 0)
      return `${given.join(', ')} cannot be had with adopt: ${adopt.container} has been made already. Leave it out, or leave adopt out`;
    if (spec.transport === 'fifo')
      return "transport 'fifo' cannot be had with adopt: no pipes are mounted there. Leave it out";
  }
  if (network === 'default') return "network 'default' is called 'bridge' here";
  if (ports.length > 0 && (network === 'none' || network === 'host'))
    return `ports cannot be published with network '${network}'. Leave out one of them`;
  if (networkAliases.length > 0 && isBuiltIn(network))
    return `networkAliases need a network of one's own, and network '${network}' knows no names. Name another`;
  const mount = workspaceMount(mounts);
  if (mount !== undefined && workspace !== undefined && workspace !== mount.source)
    return `workspace ${workspace} and the mount of ${mount.source} cannot both be ${workspaceTarget}. Leave one out`;
  return undefined;
}
