import type { CallOptions, InstanceInfo } from '@ccb/instance-interface';
import { InstanceError } from '@ccb/instance-interface';
import { crashAndRestart } from '../../groups/crash-and-restart.ts';
import { MemoryInstance } from '../../memory/memory-instance.ts';
import { MemoryJournal } from '../../memory/memory-journal.ts';
import { MemoryProgram } from '../../memory/memory-program.ts';
import { MemoryTurn } from '../../memory/memory-turn.ts';
import { type Mutant, memoryOf } from '../mutant.ts';

export const crashAndRestartMutants: readonly Mutant[] = [
  {
    name: 'reports a crash of the program as success',
    fails: crashAndRestart,
    spec: () =>
      memoryOf({
        turn: class extends MemoryTurn {
          override end(how: Parameters<MemoryTurn['end']>[0]): void {
            super.end(how.error?.code === 'CCB_PROGRAM_EXITED' ? { success: true, exitCode: 0 } : how);
          }
        },
      }),
  },
  {
    name: 'runs a command again whose agent died',
    fails: crashAndRestart,
    spec: () =>
      memoryOf({
        journal: class extends MemoryJournal {
          override textOf(commandId: string): string | undefined {
            const lost = this.resultOf(commandId)?.error?.code === 'CCB_AGENT_LOST';
            return lost ? undefined : super.textOf(commandId);
          }
        },
      }),
  },
  {
    name: 'has forgotten all when its program was killed',
    fails: crashAndRestart,
    spec: () =>
      memoryOf({
        program: class extends MemoryProgram {
          constructor() {
            super([]);
          }
        },
      }),
  },
  {
    name: 'hides that its agent was gone',
    fails: crashAndRestart,
    spec: () =>
      memoryOf({
        instance: class extends MemoryInstance {
          override told(...[to, reason, error]: Parameters<MemoryInstance['told']>): void {
            if (to === 'stopped' || to === 'failed') super.told(to, reason, error);
          }
        },
      }),
  },
  {
    name: 'is running, it says, where the backend has died',
    fails: crashAndRestart,
    spec: () =>
      memoryOf({
        instance: class extends MemoryInstance {
          override async isRunning(options?: CallOptions): Promise<boolean> {
            return this.state === 'failed' || (await super.isRunning(options));
          }
        },
      }),
  },
  {
    name: 'is running, it says, while it is frozen',
    fails: crashAndRestart,
    spec: () =>
      memoryOf({
        instance: class extends MemoryInstance {
          override async isRunning(options?: CallOptions): Promise<boolean> {
            return this.place.wire.frozen || (await super.isRunning(options));
          }
        },
      }),
  },
  {
    name: 'does not say why a frozen one is not running',
    fails: crashAndRestart,
    spec: () =>
      memoryOf({
        instance: class extends MemoryInstance {
          override async getInfo(options?: CallOptions): Promise<InstanceInfo> {
            const { problem: _, ...info } = await super.getInfo(options);
            return info;
          }
        },
      }),
  },
  {
    name: 'cannot be stopped while it is frozen',
    fails: crashAndRestart,
    spec: () =>
      memoryOf({
        instance: class extends MemoryInstance {
          protected override async _stop(): Promise<void> {
            if (this.place.wire.frozen) throw new InstanceError('CCB_TIMEOUT', `${this.name}: it does not answer.`);
            await super._stop();
          }
        },
      }),
  },
];
