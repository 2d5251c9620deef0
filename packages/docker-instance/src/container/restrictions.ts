import os from 'node:os';
import type { HostConfig } from '../engine/engine.ts';
import { type Bad, list, matching, object, truth, wholeNumber } from './fields.ts';

export interface LimitSpec {
  /** Bytes, swap included; files in /tmp count. Default 4 GiB, or three quarters of what the machine has. */
  readonly memoryBytes?: number | undefined;
  /** Default 2, or as many as there are. */
  readonly cpus?: number | undefined;
  /** Processes and threads. Default 512. */
  readonly pids?: number | undefined;
}

export interface SecuritySpec {
  /** Default true: only the workspace, the instance's home, /tmp and mounts can be written. */
  readonly readOnlyRootfs?: boolean | undefined;
  /** Such as `NET_BIND_SERVICE`; default none. */
  readonly capAdd?: readonly string[] | undefined;
  /** Default true: sudo and other setuid programs gain nothing. */
  readonly noNewPrivileges?: boolean | undefined;
}

/** What an engine's machine has; undefined: it is not known, or must not be limited. */
export interface Machine {
  readonly memoryBytes?: number | undefined;
  readonly cpus?: number | undefined;
}

const GIB = 1024 ** 3;
/** What engines accept at least. */
const LEAST_MEMORY = 6 * 1024 ** 2;
const DEFAULT_PIDS = 512;

export function thisMachine(): Machine {
  return { memoryBytes: os.totalmem(), cpus: os.availableParallelism() };
}

export function parseLimits(value: unknown, bad: Bad): LimitSpec {
  const { memoryBytes, cpus, pids } = object(value, 'limits', ['memoryBytes', 'cpus', 'pids'], bad);
  if (memoryBytes !== undefined)
    wholeNumber(memoryBytes, 'limits.memoryBytes', LEAST_MEMORY, Number.MAX_SAFE_INTEGER, bad);
  if (cpus !== undefined && (typeof cpus !== 'number' || !Number.isFinite(cpus) || cpus < 0.01))
    throw bad('limits.cpus', 'a number, 0.01 or more');
  if (pids !== undefined) wholeNumber(pids, 'limits.pids', 1, Number.MAX_SAFE_INTEGER, bad);
  return value as LimitSpec;
}

export function parseSecurity(value: unknown, bad: Bad): SecuritySpec {
  const keys = ['readOnlyRootfs', 'capAdd', 'noNewPrivileges'];
  const { readOnlyRootfs, capAdd, noNewPrivileges } = object(value, 'security', keys, bad);
  if (readOnlyRootfs !== undefined) truth(readOnlyRootfs, 'security.readOnlyRootfs', bad);
  if (noNewPrivileges !== undefined) truth(noNewPrivileges, 'security.noNewPrivileges', bad);
  for (const [index, name] of list(capAdd ?? [], 'security.capAdd', bad).entries())
    matching(name, `security.capAdd[${index}]`, /^[A-Z][A-Z0-9_]*$/, 'a capability, such as NET_BIND_SERVICE', bad);
  return value as SecuritySpec;
}

/** Root in the container is then beyond the permission bits of files. */
export function overridesPermissions({ capAdd = [] }: SecuritySpec): boolean {
  return capAdd.some((name) => ['ALL', 'DAC_OVERRIDE'].includes(name.replace(/^CAP_/, '')));
}

export function limitConfig(
  { memoryBytes, cpus, pids }: LimitSpec,
  machine: Machine,
): Pick<HostConfig, 'Memory' | 'MemorySwap' | 'NanoCpus' | 'PidsLimit'> {
  const memory = memoryBytes ?? Math.floor(Math.min(4 * GIB, (machine.memoryBytes ?? Infinity) * 0.75));
  // An engine refuses more CPUs than its machine has.
  const share = cpus ?? (machine.cpus === undefined ? undefined : Math.min(2, machine.cpus));
  return {
    Memory: memory,
    MemorySwap: memory,
    ...(share !== undefined && { NanoCpus: Math.round(share * 1e9) }),
    PidsLimit: pids ?? DEFAULT_PIDS,
  };
}

export function securityConfig({
  readOnlyRootfs = true,
  capAdd = [],
  noNewPrivileges = true,
}: SecuritySpec): Pick<HostConfig, 'ReadonlyRootfs' | 'CapDrop' | 'CapAdd' | 'SecurityOpt'> {
  return {
    ReadonlyRootfs: readOnlyRootfs,
    CapDrop: ['ALL'],
    CapAdd: capAdd,
    // Without a value: not every engine takes one.
    SecurityOpt: noNewPrivileges ? ['no-new-privileges'] : [],
  };
}
