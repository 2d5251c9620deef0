import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bootId, processStat } from './proc.ts';

interface ProgramRecord {
  readonly version: 1;
  readonly pid: number;
  readonly group: number;
  readonly startTime: string;
  readonly bootId: string;
}

/** `program.json`: which process group is the program's, so that a new agent can end what a dead one left. */
export class ProgramFile {
  readonly #path: string;

  constructor(state: string) {
    this.#path = join(state, 'program.json');
  }

  write(program: { readonly pid: number; readonly group: number }): void {
    const stat = processStat(program.pid);
    if (stat === undefined) return;
    const record: ProgramRecord = { version: 1, ...program, startTime: stat.startTime, bootId: bootId() };
    writeFileSync(`${this.#path}.new`, JSON.stringify(record), { mode: 0o600 });
    renameSync(`${this.#path}.new`, this.#path);
  }

  clear(): void {
    rmSync(this.#path, { force: true });
  }

  /** The recorded group's leader, if it is still that very process (number, start time and boot agree). */
  survivor(): { readonly group: number } | undefined {
    let record: Partial<ProgramRecord>;
    try {
      record = JSON.parse(readFileSync(this.#path, 'utf8')) as Partial<ProgramRecord>;
    } catch {
      return undefined;
    }
    if (!Number.isSafeInteger(record.pid) || !Number.isSafeInteger(record.group) || (record.group as number) < 2) {
      return undefined;
    }
    const stat = processStat(record.pid as number);
    const same = stat !== undefined && stat.startTime === record.startTime && record.bootId === bootId();
    return same && stat.group === record.group ? { group: record.group as number } : undefined;
  }
}
