import { readdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { InstanceManager } from '@ccb/instance-manager';
import { areLocked } from '@ccb/named-pipe/lock';
import { processBackend } from '@ccb/process-instance';
import { type CampaignOptions, type CampaignResult, campaign, type Field } from './campaign.ts';
import { settled } from './deadline.ts';
import { Hammer, type HammerOrder } from './hammer.ts';
import { commandLineOf, namedAfter } from './processes.ts';
import { Random } from './random.ts';
import type { Tally } from './tally.ts';

const PROCESSES = 20;
const KILLED = PROCESSES / 5;
const NAMES = 10;
/** A strike comes within so many ms of the orders. */
const MOMENT_MS = 150;
const VERBS: readonly HammerOrder['verb'][] = [
  'create',
  'create',
  'send',
  'send',
  'send',
  'rm',
  'stop',
  'rename',
  'rename',
  'ls',
];
/** What somebody else's success, or death, may be to the others. */
const EXPECTED: ReadonlySet<string> = new Set([
  'CCB_NAME_TAKEN',
  'CCB_NOT_FOUND',
  'CCB_LOCKED',
  'CCB_INVALID_STATE',
  'CCB_STOPPED',
]);

/** Many processes on one home, of which one in five is killed. `count`: rounds, each with an order for every process. */
export async function run(options: CampaignOptions): Promise<CampaignResult> {
  return await campaign('hammered-home', options, async (field) => {
    const row = field.row(
      `${PROCESSES} processes create, send, stop, rm, rename and ls on one home; ${KILLED} of them are SIGKILLed amid it`,
      'own answers alone, typed errors alone; no corrupt record, no stale lock, no orphan; all can be removed',
    );
    const ground = new Ground(field, new Random(options.seed));
    for (let round = 0; round < options.count; round += 1)
      await field.strike(row, `round ${round}`, () => ground.round(row, round));
    await ground.end(row);
  });
}

class Ground {
  readonly #field: Field;
  readonly #random: Random;
  readonly #home: string;
  readonly #manager: InstanceManager;
  #hammers: Hammer[] = [];

  constructor(field: Field, random: Random) {
    this.#field = field;
    this.#random = random;
    this.#home = field.sandbox.home;
    this.#manager = new InstanceManager({ home: this.#home, backends: [processBackend({ home: this.#home })] });
  }

  async round(tally: Tally, round: number): Promise<void> {
    while (this.#hammers.length < PROCESSES) this.#hammers.push(await Hammer.start(this.#field.sandbox));
    const doomed = this.#hammers.slice(0, KILLED);
    const obeyed = this.#hammers.map((hammer, index) => this.#order(tally, hammer, `${round}-${index}`));
    const killed = doomed.map(async (hammer) => {
      await delay(this.#random.between(0, MOMENT_MS));
      await hammer.kill();
    });
    await Promise.all([...obeyed, ...killed]);
    this.#hammers = this.#hammers.slice(KILLED);
    await this.#look(tally);
  }

  async #order(tally: Tally, hammer: Hammer, token: string): Promise<void> {
    const pick = <T>(among: readonly T[]): T => among[this.#random.integer(0, among.length - 1)] as T;
    const names = Array.from({ length: NAMES }, (_, index) => `box-${index}`);
    const verb = pick(VERBS);
    const order = { verb, name: pick(names), other: pick(names), token };
    const outcome = await hammer.obey(order);
    if (outcome === undefined) tally.count('killed before they told');
    else if (outcome.code !== undefined) {
      tally.count(outcome.code);
      // An observer who comes while the agent goes.
      const missed = verb === 'stop' && outcome.code === 'CCB_AGENT_UNREACHABLE';
      tally.check(missed || EXPECTED.has(outcome.code), `${verb} ${order.name}: ${outcome.code}: ${outcome.message}`);
    } else {
      tally.count(`${verb} done`);
      const expected = verb === 'ls' ? '' : verb === 'create' || verb === 'send' ? token : undefined;
      tally.check(outcome.answer === expected, `${verb} ${order.name} gave ${outcome.answer}, not ${expected}`);
    }
  }

  /** All are at rest: nobody holds anything, and each directory is an instance. */
  async #look(tally: Tally): Promise<void> {
    const listed = await this.#manager.list();
    for (const { name, record, problem } of listed)
      tally.check(record !== undefined, `the record of ${name} is corrupt: ${problem}`);
    const directories = this.#directories.filter((name) => !name.startsWith('.'));
    tally.check(
      directories.join() === listed.map(({ name }) => name).join(),
      `directories ${directories} and instances ${listed.map(({ name }) => name)}`,
    );
    const locks = directories.map((name) => join(this.#home, 'instances', name, 'lock'));
    const held = (await areLocked(locks)).flatMap((locked, index) => (locked ? [locks[index]] : []));
    tally.check(held.length === 0, `locks that nobody holds are held: ${held}`);
    tally.most('instances', listed.length, 'at once');
  }

  async end(tally: Tally): Promise<void> {
    for (const hammer of this.#hammers) await hammer.kill();
    for (const { name } of await this.#manager.list()) {
      const instance = await this.#manager.open(name);
      const { output } = await instance.sendCommandAndWait('echo still');
      tally.check(output === 'still\n', `${name} answered ${output} at the end`);
      await instance.detach();
      await this.#manager.remove(name, { force: true });
    }
    // What is young may still be in somebody's hands; an hour later it is not.
    const then = Date.now() / 1_000 - 3_600;
    for (const name of this.#directories) utimesSync(join(this.#home, 'instances', name), then, then);
    tally.count('halves pruned', (await this.#manager.prune()).length);
    tally.check(this.#directories.length === 0, `directories are left: ${this.#directories}`);
    const agents = (): readonly number[] => namedAfter(join(this.#home, 'instances'));
    await settled(() => agents().length === 0);
    tally.check(agents().length === 0, `orphans: ${agents().map(commandLineOf).join('; ')}`);
  }

  get #directories(): readonly string[] {
    return readdirSync(join(this.#home, 'instances')).sort();
  }
}
