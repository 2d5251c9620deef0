import { once } from 'node:events';
import { readFileSync, watch } from 'node:fs';
import { join } from 'node:path';
import type { Commands, ConformanceSpec } from '@ccb/conformance';
import { asProcessRecord } from '../process-data.ts';
import type { ProcessInstance } from '../process-instance.ts';
import type { ProcessSpec } from '../process-spec.ts';
import { leaksOf } from './leaks.ts';
import { isAlive, type Sandbox } from './sandbox.ts';

/** How the suite meets instances of one sandbox. */
export function conformanceSpec(
  sandbox: Sandbox,
  name: string,
  commands: Commands,
  spec: Partial<ProcessSpec> = {},
): ConformanceSpec<ProcessInstance> {
  return {
    name,
    commands,
    create: (context) => sandbox.create(context.name, spec, context),
    reopen: (record) => sandbox.open(record, { env: spec.env }),
    observe: (record) => sandbox.open(record, { mode: 'observe' }),
    faults: {
      async killProgram(instance) {
        const { program } = await instance.getInfo();
        if (program.pid === undefined) throw new Error(`${instance.name} has no program`);
        const noticed = whenNotRecorded(sandbox.layout(instance.name).state, program.pid);
        process.kill(program.pid, 'SIGKILL');
        await noticed;
      },
      async killAgent({ name }) {
        process.kill(sandbox.agent(name), 'SIGKILL');
      },
      // The place that it lives in is this machine.
      killBackend: null,
      async freeze({ name }) {
        const agent = sandbox.agent(name);
        process.kill(agent, 'SIGSTOP');
        return {
          async thaw() {
            if (isAlive(agent)) process.kill(agent, 'SIGCONT');
          },
        };
      },
    },
    leaks: async (kept) =>
      leaksOf(
        sandbox,
        kept.map(({ record }) => asProcessRecord(record)),
      ),
    reuse: true,
  };
}

/** Resolves when the agent has no program with this number any more: it has noticed its end. */
async function whenNotRecorded(state: string, pid: number): Promise<void> {
  const watcher = watch(state);
  try {
    const signal = AbortSignal.timeout(10_000);
    while (recordedProgram(state) === pid) await once(watcher, 'change', { signal });
  } finally {
    watcher.close();
  }
}

function recordedProgram(state: string): number | undefined {
  try {
    return (JSON.parse(readFileSync(join(state, 'program.json'), 'utf8')) as { pid?: number }).pid;
  } catch {
    return undefined;
  }
}
