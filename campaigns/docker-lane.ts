import type { DockerContainer } from '@ccb/docker-instance';
import { checkNext, checkStruck, type Struck, strikeAnswer } from './agent-killed.ts';
import { messageOf, outcomeOf, readAnswer } from './answer.ts';
import { settled, within } from './deadline.ts';
import { containerOf, type DockerGround, type Transport } from './docker-ground.ts';
import type { Random } from './random.ts';
import type { Ran } from './rotation.ts';
import type { Tally } from './tally.ts';

const STEP_MS = 30_000;

export interface LaneStruck extends Struck {
  readonly container: string;
  /** ms since the epoch. */
  readonly struckAt: number;
  /** When the state left `running` while the answer was read, ms since the epoch; undefined: it did not. */
  readonly movedAt: number | undefined;
}

/** The instance under fire over one transport: one handle that outlives every strike; another one after anything that went wrong. */
export class Lane {
  readonly transport: Transport;
  readonly random: Random;
  readonly #ground: DockerGround;
  readonly #ran: Ran;
  #instance: DockerContainer | undefined;

  constructor(ground: DockerGround, transport: Transport, random: Random, ran: Ran) {
    this.#ground = ground;
    this.transport = transport;
    this.random = random;
    this.#ran = ran;
  }

  /** Running. */
  async instance(): Promise<DockerContainer> {
    this.#instance ??= await this.#ground.create(this.transport);
    await this.#instance.start();
    return this.#instance;
  }

  /** Strikes in the middle of an answer, and asserts what holds whatever was struck. */
  async strike(tally: Tally, strike: (container: string) => Promise<unknown>): Promise<LaneStruck> {
    const instance = await this.instance();
    const container = containerOf(instance.record);
    let struckAt = 0;
    let strikeMs = 0;
    let movedAt: number | undefined;
    const unsubscribe = instance.onStateChange(({ to }) => {
      if (to !== 'running') movedAt ??= Date.now();
    });
    try {
      const struck = await strikeAnswer(instance, this.random, this.#ran, async () => {
        struckAt = Date.now();
        await strike(container);
        strikeMs = Date.now() - struckAt;
      });
      unsubscribe();
      tally.count(struck.outcome);
      // An engine that is away for a while is no fault of the answer's.
      checkStruck(tally, this.#ran, { ...struck, endedAfterMs: Math.max(0, struck.endedAfterMs - strikeMs) });
      await checkAgain(tally, instance, struck);
      await checkNext(tally, instance, struck.id);
      tally.most('next command answered after the strike', Date.now() - struckAt, 'ms');
      await this.#checkProcesses(tally, instance);
      return { ...struck, container, struckAt, movedAt };
    } finally {
      unsubscribe();
    }
  }

  /** @throws {Error} when something of it was left */
  async retire(): Promise<void> {
    const instance = this.#instance;
    this.#instance = undefined;
    const left = instance === undefined ? [] : await this.#ground.retire(instance);
    if (left.length > 0) throw new Error(left.join('; '));
  }

  /** Only the program that runs. */
  async #checkProcesses(tally: Tally, instance: DockerContainer): Promise<void> {
    const programs = (): readonly number[] => this.#ground.programs(instance.record);
    await settled(() => programs().length === 1);
    const { program } = await instance.getInfo();
    tally.check(
      programs().join() === String(program.pid),
      `its processes are ${programs()}, the program is ${program.pid}`,
    );
  }
}

/** The journal has the same answer, and its end. */
async function checkAgain(tally: Tally, instance: DockerContainer, struck: Struck): Promise<void> {
  const again = await within(STEP_MS, 'the answer again', readAnswer(instance.resumeCommand(struck.id)));
  tally.same('the answer again', again.text, struck.text);
  tally.check(
    outcomeOf(again) === struck.outcome,
    () => `${struck.outcome} is now ${outcomeOf(again)}: ${messageOf(again)}`,
  );
}
