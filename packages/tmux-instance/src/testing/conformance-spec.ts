import { once } from 'node:events';
import { existsSync, readdirSync, readlinkSync, watch } from 'node:fs';
import type { Commands, ConformanceSpec } from '@ccb/conformance';
import { readLaunch } from '../pane/launch-record.ts';
import { isAtWork } from '../pane/process-state.ts';
import { asTmuxRecord } from '../tmux-data.ts';
import type { TmuxInstance } from '../tmux-instance.ts';
import type { TmuxSpec } from '../tmux-spec.ts';
import { leaksOf } from './leaks.ts';
import type { Sandbox } from './sandbox.ts';

/** How the suite meets instances of one sandbox. */
export function conformanceSpec(
  sandbox: Sandbox,
  name: string,
  commands: Commands,
  spec: Partial<TmuxSpec> = {},
): ConformanceSpec<TmuxInstance> {
  return {
    name,
    commands,
    create: (context) => sandbox.create(context.name, spec, context),
    reopen: (record) => sandbox.open(record, { env: spec.env }),
    observe: (record) => sandbox.open(record, { mode: 'observe' }),
    faults: {
      async killProgram(instance) {
        const noticed = whenLaunched(sandbox.layout(instance.name).state);
        process.kill(await programOf(instance), 'SIGKILL');
        await noticed;
      },
      async killAgent(instance) {
        // What carries the pane's output to us.
        const noticed = whenMoved(instance);
        for (const pid of writersOf(`${sandbox.layout(instance.name).pipes}.out.fifo`)) process.kill(pid, 'SIGKILL');
        await noticed;
      },
      async killBackend(instance) {
        const noticed = whenMoved(instance);
        process.kill(sandbox.serverPid(instance.record), 'SIGKILL');
        await noticed;
      },
      async freeze(instance) {
        const pid = await programOf(instance);
        process.kill(pid, 'SIGSTOP');
        // A busy program is not stopped at once.
        while (isAtWork(pid)) await new Promise((resolve) => setImmediate(resolve));
        return {
          async thaw() {
            // A shell that ignored a cancel was killed, frozen or not.
            if (isAlive(pid)) process.kill(pid, 'SIGCONT');
          },
        };
      },
    },
    leaks: async (kept) =>
      leaksOf(
        sandbox,
        kept.map(({ record }) => asTmuxRecord(record)),
      ),
    reuse: true,
  };
}

/** Resolves at the next change of its state. */
function whenMoved(instance: TmuxInstance): Promise<void> {
  return new Promise((resolve) => {
    const stop = instance.onStateChange(() => {
      stop();
      resolve();
    });
  });
}

/** Resolves when a program was launched again. */
async function whenLaunched(state: string): Promise<void> {
  const watcher = watch(state);
  try {
    const signal = AbortSignal.timeout(10_000);
    const before = readLaunch(state)?.pid;
    while (readLaunch(state)?.pid === before) await once(watcher, 'change', { signal });
  } finally {
    watcher.close();
  }
}

function isAlive(pid: number): boolean {
  return existsSync(`/proc/${pid}`);
}

async function programOf(instance: TmuxInstance): Promise<number> {
  const { program } = await instance.getInfo();
  if (program.pid === undefined) throw new Error(`${instance.name} has no program`);
  return program.pid;
}

/** Processes that write into a FIFO, this one left out. */
function writersOf(path: string): readonly number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => {
      if (!(pid > 1) || pid === process.pid) return false;
      try {
        return readlinkSync(`/proc/${pid}/fd/1`) === path;
      } catch {
        return false;
      }
    });
}
