import { execFileSync } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { InstanceRecord } from '@ccb/instance-interface';
import { tmuxBackend } from '@ccb/tmux-instance';
import { type CampaignOptions, type CampaignResult, campaign, type Field } from './campaign.ts';
import { settled, within } from './deadline.ts';
import { Neighbour } from './neighbour.ts';
import { carrying, commandLineOf, isAlive, namedAfter } from './processes.ts';
import { Random } from './random.ts';
import type { Tally } from './tally.ts';

const NEIGHBOURS = 8;
const ROUNDS = 5;
const DEADLINE_MS = 60_000;
/** A strike comes within so many ms of the first start. */
const MOMENT_MS = 1_500;

/** Many hosts on one tmux server, each of which connects, makes a session, ends it and lets go, again and again. */
export async function run(options: CampaignOptions): Promise<CampaignResult> {
  return await campaign('tmux-neighbours', options, async (field) => {
    const street = new Street(field);
    const random = new Random(options.seed);
    const asserted = 'the server is the same process, every answer of those that live exact, nothing left';
    const what = `${NEIGHBOURS} processes start, ask and stop ${ROUNDS} times each`;
    const rows = {
      ours: field.row(`${what}, on one server of ours`, asserted),
      person: field.row(`${what}, on a person's server`, asserted),
      killed: field.row(`${what}, on one server of ours; half of them SIGKILLed at a random moment`, asserted),
    };
    for (let n = 0; n < options.count; n += 1) {
      await field.strike(rows.ours, `ours ${n}`, () => street.live(rows.ours, street.ours, []));
      await field.strike(rows.person, `person ${n}`, () => street.live(rows.person, street.person, []));
      const moments = Array.from({ length: NEIGHBOURS / 2 }, () => random.between(0, MOMENT_MS));
      await field.strike(rows.killed, `killed ${n}`, () => street.live(rows.killed, street.ours, moments));
    }
  });
}

/** A server of ours and a person's, each with a session that is there all the time. */
class Street {
  readonly ours: string;
  readonly person: string;
  readonly #field: Field;
  readonly #backend: ReturnType<typeof tmuxBackend>;
  readonly #directory: string;

  constructor(field: Field) {
    this.#field = field;
    const { home } = field.sandbox;
    this.#directory = join(home, 'programs', 'run');
    mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
    this.#backend = tmuxBackend({ home, runtimeDirectory: this.#directory });
    const home12 = createHash('sha256').update(home).digest('hex').slice(0, 12);
    this.ours = join(this.#directory, `tmux-${home12}.sock`);
    this.person = join(home, 'programs', 'person.sock');
    for (const socket of [this.ours, this.person]) {
      this.#pidOf(socket);
      field.sandbox.defer(() => this.#end(socket));
    }
  }

  async live(tally: Tally, socket: string, moments: readonly number[]): Promise<void> {
    const server = this.#pidOf(socket);
    const records = await Promise.all(Array.from({ length: NEIGHBOURS }, () => this.#create(socket)));
    const { sandbox } = this.#field;
    const neighbours = await Promise.all(
      records.map((record) => Neighbour.start(sandbox, { record, rounds: ROUNDS, env: this.#env })),
    );
    await Promise.all(moments.map((moment, index) => delay(moment).then(() => neighbours[index]?.kill())));
    const truth = Array.from({ length: ROUNDS }, (_, round) => `${round}\n`).join('');
    for (const [index, neighbour] of neighbours.entries()) {
      await neighbour.ended(DEADLINE_MS);
      if (index < moments.length) continue;
      tally.check(neighbour.error === undefined, `a neighbour ended with ${neighbour.error}`);
      tally.same('the answers', neighbour.outputs.join(''), truth);
      for (const ms of neighbour.startsMs) tally.most('start', ms, 'ms');
    }
    const alive = isAlive(server);
    tally.count(alive ? 'servers lived' : 'servers died');
    tally.check(alive, 'the tmux server died');
    for (const record of records) {
      const instance = await this.#backend.open(record, { env: this.#env });
      await within(DEADLINE_MS, 'cleanup', instance.cleanup({ remove: true }));
      await this.#nothingLeft(tally, record);
    }
  }

  async #create(socket: string): Promise<InstanceRecord> {
    const { workspace } = this.#field.sandbox;
    const name = `neighbour-${randomUUID().slice(0, 8)}`;
    const own = socket === this.person ? { socket } : {};
    const instance = await this.#backend.create({ type: 'tmux', name, workspace, env: this.#env, ...own });
    await instance.detach();
    return instance.record;
  }

  async #nothingLeft(tally: Tally, { data }: InstanceRecord): Promise<void> {
    const { instanceId } = data as { readonly instanceId: string };
    const left = (): readonly number[] => carrying(`CCB_INSTANCE=${instanceId}`);
    await settled(() => left().length === 0);
    tally.check(left().length === 0, () => `processes are left: ${left().map(commandLineOf).join('; ')}`);
  }

  get #env(): Readonly<Record<string, string>> {
    return { HOME: this.#field.sandbox.workspace };
  }

  /** Of the server, which is started with a session of its own where there is none. */
  #pidOf(socket: string): number {
    try {
      return Number(this.#tmux(socket, 'display-message', '-p', '#{pid}'));
    } catch {
      this.#tmux(socket, 'new-session', '-d', '-s', 'keeper', 'sleep 86400');
      return Number(this.#tmux(socket, 'display-message', '-p', '#{pid}'));
    }
  }

  async #end(socket: string): Promise<void> {
    const pid = this.#pidOf(socket);
    this.#tmux(socket, 'kill-server');
    await settled(() => !isAlive(pid));
    for (const each of namedAfter(socket)) process.kill(each, 'SIGKILL');
  }

  #tmux(socket: string, ...args: string[]): string {
    const env = { PATH: process.env.PATH, HOME: this.#field.sandbox.workspace, LANG: 'C.UTF-8' };
    return execFileSync('tmux', ['-S', socket, '-f', '/dev/null', ...args], { env, encoding: 'utf8', timeout: 10_000 });
  }
}
