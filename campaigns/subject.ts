import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { instanceLayout } from '@ccb/container-agent';
import type { InstanceRecord } from '@ccb/instance-interface';
import { readHolder } from '@ccb/named-pipe/lock';
import type { ProcessData } from '@ccb/process-instance';
import { carrying, commandLineOf, namedAfter } from './processes.ts';

/** What a campaign knows of an instance beside its public interface: which processes to strike. */
export class Subject {
  readonly record: InstanceRecord;
  readonly directory: string;
  readonly journal: string;
  readonly variable: string;
  readonly #agentLock: string;
  readonly #agentFile: string;

  constructor(record: InstanceRecord) {
    const { directory, instanceId } = record.data as ProcessData;
    const layout = instanceLayout(directory, record.name);
    this.record = record;
    this.directory = directory;
    this.journal = join(layout.state, 'journal');
    this.variable = `CCB_INSTANCE=${instanceId}`;
    this.#agentLock = layout.agentLock;
    this.#agentFile = layout.agentFile;
  }

  /** @throws {Error} when the process that the lock names is not this instance's agent */
  agentPid(): number {
    const pid = readHolder(this.#agentLock)?.pid;
    if (pid === undefined || !this.#isAgent(pid)) throw new Error(`${this.record.name} has no agent to strike`);
    return pid;
  }

  agents(): number[] {
    return namedAfter(this.#agentFile).filter((pid) => this.#isAgent(pid));
  }

  /** @throws {Error} when the process is not one of this instance's program */
  strikeProgram(pid: number | undefined, signal: NodeJS.Signals): void {
    this.aimAtProgram(pid)(signal);
  }

  /**
   * For a strike among others: one of them may have taken the program along.
   * @throws {Error} when the process is not one of this instance's program
   */
  aimAtProgram(pid: number | undefined): (signal: NodeJS.Signals) => void {
    if (pid === undefined || !this.programs().includes(pid))
      throw new Error(`${this.record.name} has no program ${pid}`);
    return (signal) => {
      try {
        process.kill(pid, signal);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
      }
    };
  }

  strikeAgent(signal: NodeJS.Signals): number {
    const pid = this.agentPid();
    process.kill(pid, signal);
    return pid;
  }

  /** The program and everything that it started. */
  programs(): number[] {
    return carrying(this.variable);
  }

  /** As the agent wrote it down. */
  programPid(): number | undefined {
    const { pid } = JSON.parse(readFileSync(join(this.directory, 'state', 'program.json'), 'utf8')) as { pid?: number };
    return pid;
  }

  #isAgent(pid: number): boolean {
    return commandLineOf(pid).includes(this.#agentFile);
  }
}
