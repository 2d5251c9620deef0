import { readdirSync, readlinkSync } from 'node:fs';
import type { Commands, ConformanceSpec } from '@ccb/conformance';
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
        process.kill(await programOf(instance), 'SIGKILL');
      },
      async killAgent(instance) {
        // What carries the pane's output to us.
        for (const pid of writersOf(`${sandbox.layout(instance.name).pipes}.out.fifo`)) process.kill(pid, 'SIGKILL');
      },
      async killBackend(instance) {
        process.kill(sandbox.serverPid(instance.record), 'SIGKILL');
      },
      async freeze(instance) {
        const pid = await programOf(instance);
        process.kill(pid, 'SIGSTOP');
        return {
          async thaw() {
            process.kill(pid, 'SIGCONT');
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
