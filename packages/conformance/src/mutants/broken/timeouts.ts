import {
  type CallOptions,
  type CommandOptions,
  type CommandResult,
  type CommandStream,
  InstanceError,
} from '@ccb/instance-interface';
import type { Call } from '@ccb/instance-interface/abstract';
import { timeouts } from '../../groups/timeouts.ts';
import { MemoryInstance } from '../../memory/memory-instance.ts';
import { MemoryTurn } from '../../memory/memory-turn.ts';
import { type Mutant, memoryOf } from '../mutant.ts';

export const timeoutsMutants: readonly Mutant[] = [
  {
    name: 'reports a time-out as success',
    fails: timeouts,
    spec: () =>
      memoryOf({
        turn: class extends MemoryTurn {
          protected override result(how: Parameters<MemoryTurn['end']>[0]): CommandResult {
            const result = super.result(how);
            if (result.status !== 'timeout') return result;
            return { ...result, success: true, status: 'completed', error: undefined };
          }
        },
      }),
  },
  {
    name: 'measures seconds, not milliseconds',
    fails: timeouts,
    spec: () =>
      memoryOf({
        turn: class extends MemoryTurn {
          protected override result(how: Parameters<MemoryTurn['end']>[0]): CommandResult {
            const result = super.result(how);
            return { ...result, durationMs: Math.round(result.durationMs / 1_000) };
          }
        },
      }),
  },
  {
    name: 'lets a command run past its deadline',
    fails: timeouts,
    spec: () =>
      memoryOf({
        turn: class extends MemoryTurn {
          override cancel(reason: 'cancelled' | 'timeout'): void {
            if (reason === 'cancelled') super.cancel(reason);
          }
        },
      }),
  },
  {
    name: 'gives a command that waits twice its time',
    fails: timeouts,
    spec: () =>
      memoryOf({
        instance: class extends MemoryInstance {
          override sendCommand(text: string, options: CommandOptions = {}): CommandStream {
            const { timeoutMs } = options;
            if (timeoutMs === undefined || this._running() === undefined) return super.sendCommand(text, options);
            return super.sendCommand(text, { ...options, timeoutMs: 2 * timeoutMs });
          }
        },
      }),
  },
  {
    name: 'ends the start of all at the deadline of one caller',
    fails: timeouts,
    spec: () =>
      memoryOf({
        instance: class extends MemoryInstance {
          override async start(options?: CallOptions): Promise<void> {
            try {
              await super.start(options);
            } catch (error) {
              if (InstanceError.is(error, 'CCB_TIMEOUT')) await this.stop();
              throw error;
            }
          }

          protected override async _start(call: Call): Promise<void> {
            await new Promise((resolve) => setTimeout(resolve, 20));
            await super._start(call);
          }
        },
      }),
  },
];
