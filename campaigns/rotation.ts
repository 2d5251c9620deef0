import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProcessInstance } from '@ccb/process-instance';
import { settled } from './deadline.ts';
import type { Sandbox } from './sandbox.ts';
import { Subject } from './subject.ts';
import type { Tally } from './tally.ts';

/** Strikes that one instance takes before another one takes its place. */
const STRIKES = 25;

/** The instance under fire, held by this process; a new one now and then, and after anything that went wrong. */
export class Rotation {
  readonly #sandbox: Sandbox;
  #instance: ProcessInstance | undefined;
  #strikes = 0;

  constructor(sandbox: Sandbox) {
    this.#sandbox = sandbox;
    sandbox.defer(async () => void (await this.retire()));
  }

  /** Running. */
  async next(): Promise<{ readonly instance: ProcessInstance; readonly subject: Subject }> {
    if (this.#instance === undefined || this.#strikes >= STRIKES) {
      await this.retire();
      this.#instance = await this.#sandbox.create();
      this.#strikes = 0;
    }
    this.#strikes += 1;
    await this.#instance.start();
    return { instance: this.#instance, subject: new Subject(this.#instance.record) };
  }

  /** @throws {Error} when something of it was left */
  async retire(): Promise<void> {
    const instance = this.#instance;
    this.#instance = undefined;
    const left = instance === undefined ? [] : await this.#sandbox.retire(instance);
    if (left.length > 0) throw new Error(left.join('; '));
  }
}

/** Where commands note that they ran. */
export class Ran {
  /** As commands name it. */
  readonly path: string;
  readonly #file: string;

  constructor(sandbox: Sandbox, workspace: string = sandbox.workspace) {
    this.path = join(workspace, 'ran');
    this.#file = join(sandbox.workspace, 'ran');
  }

  /** `must`: some of its output was seen, so it did run. */
  check(tally: Tally, id: string, must: boolean): void {
    const times = this.#lines().filter((line) => line === id).length;
    tally.check(times === 1 || (times === 0 && !must), `${id} ran ${times} times`);
  }

  #lines(): string[] {
    try {
      return readFileSync(this.#file, 'utf8').split('\n');
    } catch {
      return [];
    }
  }
}

/** Only the program that runs, and one agent. */
export async function checkProcesses(tally: Tally, subject: Subject, program: number | undefined): Promise<void> {
  await settled(() => subject.programs().length === 1);
  const programs = subject.programs();
  const agents = subject.agents();
  tally.check(
    programs.length === 1 && programs[0] === program,
    `its processes are ${programs}, the program is ${program}`,
  );
  tally.check(agents.length === 1, `its agents are ${agents}`);
}
