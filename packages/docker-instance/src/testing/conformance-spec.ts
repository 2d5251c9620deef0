import { once } from 'node:events';
import { readFileSync, watch } from 'node:fs';
import { join } from 'node:path';
import type { Commands, ConformanceSpec } from '@ccb/conformance';
import { asDockerRecord } from '../container/docker-data.ts';
import type { DockerSpec } from '../container/docker-spec.ts';
import type { DockerContainer } from '../docker-container.ts';
import { leaksOf } from './leaks.ts';
import { docker, type Sandbox } from './sandbox.ts';

/** How the suite meets instances of one sandbox. */
export function conformanceSpec(
  sandbox: Sandbox,
  name: string,
  commands: Commands,
  spec: Partial<DockerSpec> = {},
): ConformanceSpec<DockerContainer> {
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
        const noticed = whenRecordChanges(sandbox.layout(instance.name).state);
        process.kill(program.pid, 'SIGKILL');
        await noticed;
      },
      async killAgent(instance) {
        const main = await inspected(instance, '{{.State.Pid}}');
        // The only child of the container's init.
        const agent = readFileSync(`/proc/${main}/task/${main}/children`, 'latin1').split(' ')[0];
        process.kill(Number(agent), 'SIGKILL');
      },
      async killBackend(instance) {
        await docker('kill', containerOf(instance));
      },
      async freeze(instance) {
        await pause(containerOf(instance));
        return {
          async thaw() {
            if ((await inspected(instance, '{{.State.Paused}}')) === 'true') {
              await docker('unpause', containerOf(instance));
            }
          },
        };
      },
    },
    leaks: (kept) =>
      leaksOf(
        sandbox,
        kept.map(({ record }) => asDockerRecord(record)),
      ),
    reuse: true,
  };
}

/** A kernel that has much to do may say no: the fault is done when it has said yes. */
async function pause(container: string, tries: number = 5): Promise<void> {
  try {
    await docker('pause', container);
  } catch (error) {
    if (tries === 1 || !String(error).includes('unable to freeze')) throw error;
    await pause(container, tries - 1);
  }
}

function containerOf({ record }: DockerContainer): string {
  return (record.data as { readonly containerName: string }).containerName;
}

/** Empty when there is no such container. */
async function inspected(instance: DockerContainer, format: string): Promise<string> {
  return await docker('container', 'ls', '--all', '--quiet', '--filter', `name=^${containerOf(instance)}$`).then(
    (id) => (id === '' ? '' : docker('container', 'inspect', '--format', format, id)),
  );
}

/** Resolves when the agent has no program any more, or another one than now: it has noticed its end. */
async function whenRecordChanges(state: string): Promise<void> {
  const watcher = watch(state);
  try {
    const signal = AbortSignal.timeout(10_000);
    const before = recordedProgram(state);
    while (recordedProgram(state) === before) await once(watcher, 'change', { signal });
  } finally {
    watcher.close();
  }
}

function recordedProgram(state: string): string {
  try {
    return readFileSync(join(state, 'program.json'), 'utf8');
  } catch {
    return '';
  }
}
