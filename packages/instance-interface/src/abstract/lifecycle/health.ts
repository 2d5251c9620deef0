import type { CallOptions } from '../../call.ts';
import type { InstanceInfo } from '../../instance.ts';
import type { InstanceRecord } from '../../record.ts';
import type { StateChange } from '../../state.ts';
import type { Call } from '../call.ts';
import type { Commands } from '../commands/commands.ts';
import type { Deadlines } from './deadlines.ts';
import type { StateMachine } from './machine.ts';
import { bounded } from './wait.ts';

const callMs = 5_000;

/** What is looked at. */
export interface HealthHost {
  readonly record: InstanceRecord;
  readonly deadlines: Deadlines;
  readonly machine: StateMachine;
  readonly commands: Commands;
  isClosing(): boolean;
  probe(call: Call): Promise<boolean>;
  info(call: Call): Promise<Partial<InstanceInfo>>;
}

/** How the instance is: `isRunning()` and `getInfo()`. */
export class Health {
  readonly #host: HealthHost;
  #startedAt: string | undefined;
  /** Why the last probe said no. */
  #problem: string | undefined;

  constructor(host: HealthHost) {
    this.#host = host;
    host.machine.onChange((change) => this.#note(change));
  }

  async isRunning(options: CallOptions): Promise<boolean> {
    const { machine, record, isClosing, probe } = this.#host;
    if (isClosing() || (machine.state !== 'running' && machine.state !== 'unreachable')) return false;
    try {
      const answers = await this.#bounded('isRunning', options, (signal) => probe({ signal }));
      this.#problem = answers ? undefined : `${record.name}: the program does not answer, or is suspended.`;
      return answers && !isClosing();
    } catch (error) {
      options.signal?.throwIfAborted();
      this.#problem = messageOf(error);
      return false;
    }
  }

  async info(options: CallOptions): Promise<InstanceInfo> {
    const { machine, isClosing, info } = this.#host;
    let said: Partial<InstanceInfo> = {};
    let problem: string | undefined;
    if (!isClosing()) {
      try {
        said = await this.#bounded('getInfo', options, (signal) => info({ signal }));
      } catch (error) {
        options.signal?.throwIfAborted();
        problem = messageOf(error);
      }
    }
    problem ??= said.problem ?? this.#problem ?? machine.last?.error?.message;
    return { ...this.#known(), ...said, ...this.#certain(), ...(problem !== undefined && { problem }) };
  }

  #note({ to, at }: StateChange): void {
    this.#problem = undefined;
    if (to === 'running') this.#startedAt ??= at;
    else if (to !== 'unreachable') this.#startedAt = undefined;
  }

  /** What the backend may know better. */
  #known(): Pick<InstanceInfo, 'program' | 'startedAt' | 'command'> {
    const turn = this.#host.commands.running;
    return {
      program: { name: this.#host.record.program },
      ...(this.#startedAt !== undefined && { startedAt: this.#startedAt }),
      ...(turn !== undefined && {
        command: {
          id: turn.id,
          startedAt: new Date(turn.beganDate).toISOString(),
          ...(turn.asking && { waitingFor: 'permission' as const }),
        },
      }),
    };
  }

  #certain(): Pick<InstanceInfo, 'name' | 'type' | 'state' | 'createdAt' | 'queued'> {
    const { record, machine, commands } = this.#host;
    const { name, type, createdAt } = record;
    return { name, type, state: machine.state, createdAt, queued: commands.queued };
  }

  #bounded<T>(what: string, options: CallOptions, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { deadlines, record } = this.#host;
    const { signal, timeoutMs = callMs } = options;
    return bounded({ deadlines, instance: record.name, what, timeoutMs, signal }, work);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
