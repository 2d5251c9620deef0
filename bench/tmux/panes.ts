import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TmuxInstance, tmuxBackend } from '@ccb/tmux-instance';
import type { Workplace } from '../workplace.ts';

/** Shells in panes of a server of their own. */
export class Panes {
  readonly #place: Workplace;
  readonly #backend: ReturnType<typeof tmuxBackend>;
  #count = 0;

  constructor(place: Workplace) {
    this.#place = place;
    const { directory } = place;
    this.#backend = tmuxBackend({ home: join(directory, 'tmux'), runtimeDirectory: join(directory, 'run') });
  }

  async start(): Promise<TmuxInstance> {
    this.#count += 1;
    const workspace = this.#place.path('workspace');
    mkdirSync(workspace);
    const env = { HOME: this.#place.directory };
    const instance = await this.#backend.create({ type: 'tmux', name: `bench-${this.#count}`, workspace, env });
    this.#place.defer(() => instance.cleanup({ remove: true }));
    await instance.start();
    return instance;
  }
}

/** Processor time of a process so far, in ms. */
export function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // In ticks of 10 ms.
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
