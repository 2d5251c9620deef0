import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TmuxRecord } from '../tmux-data.ts';
import { processesNaming, type Sandbox } from './sandbox.ts';

/** Everything of the sandbox's instances that is there now, but for those that are kept: sessions, processes, directories. */
export function leaksOf(sandbox: Sandbox, kept: readonly TmuxRecord[]): readonly string[] {
  const keptIds = kept.map(({ data }) => data.instanceId);
  const keptNames = kept.map(({ name }) => name);
  return [
    ...sessions(sandbox).filter((name) => !keptNames.some((keptName) => name === `ccb-${keptName}`) && !isHub(name)),
    ...directories(sandbox).filter((name) => !keptNames.includes(name)),
    ...processes(sandbox, keptIds),
    ...(kept.length === 0 ? servers(sandbox) : []),
  ];
}

function isHub(name: string): boolean {
  return name.startsWith('ccb-hub-');
}

function sockets(sandbox: Sandbox): readonly string[] {
  if (!existsSync(sandbox.runtimeDirectory)) return [];
  return readdirSync(sandbox.runtimeDirectory).map((name) => join(sandbox.runtimeDirectory, name));
}

function sessions(sandbox: Sandbox): readonly string[] {
  return sockets(sandbox).flatMap((socket) => {
    try {
      return sandbox.tmux(socket, 'list-sessions', '-F', '#{session_name}').split('\n').filter(Boolean);
    } catch {
      return [];
    }
  });
}

/** A server of ours ends with its last instance. */
function servers(sandbox: Sandbox): readonly string[] {
  return processesNaming(sandbox.runtimeDirectory).map((pid) => `process ${pid} of a tmux server`);
}

function directories(sandbox: Sandbox): readonly string[] {
  const path = join(sandbox.home, 'instances');
  return existsSync(path) ? readdirSync(path) : [];
}

function processes(sandbox: Sandbox, keptIds: readonly string[]): readonly string[] {
  const ids = sandbox.records.map(({ data }) => data.instanceId).filter((id) => !keptIds.includes(id));
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      const environment = readFileSync(`/proc/${pid}/environ`, 'latin1');
      const found = ids.find((id) => environment.includes(`CCB_INSTANCE=${id}`));
      return found === undefined ? [] : [`process ${pid} of ${found}`];
    } catch {
      return [];
    }
  });
}
