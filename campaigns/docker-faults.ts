import { randomUUID } from 'node:crypto';
import { PrivateEngine } from '../packages/docker-instance/src/testing/private-engine.ts';
import { ensureTestImage } from '../packages/docker-instance/src/testing/test-image.ts';
import { type CampaignOptions, type CampaignResult, campaign, type Field } from './campaign.ts';
import { childProgram } from './child-program.ts';
import { settled } from './deadline.ts';
import { bridgeKilled } from './docker-bridge-killed.ts';
import { DockerClock } from './docker-clock.ts';
import { engineKilled } from './docker-engine-killed.ts';
import { DockerGround, docker, type Transport, WORKSPACE } from './docker-ground.ts';
import { Lane } from './docker-lane.ts';
import { type Fault, faults } from './docker-strikes.ts';
import { ownConnections } from './processes.ts';
import { Random } from './random.ts';
import { Ran } from './rotation.ts';
import type { Tally } from './tally.ts';

const TRANSPORTS: readonly Transport[] = ['fifo', 'exec'];
/** ms that a state may be behind the engine's own event, on a busy machine. */
const BEHIND_MS = 1_000;

/** What the world does to containers and to their engine in the middle of an answer. `count`: strikes of each kind, half of them over each transport. */
export async function run(options: CampaignOptions): Promise<CampaignResult> {
  return await campaign('docker-faults', options, async (field) => {
    // Its builder stays for the life of this process.
    await childProgram(field.sandbox, 'bridge');
    const connections = ownConnections().length;
    field.sandbox.defer(() => checkConnections(connections));
    const ground = new DockerGround(field.sandbox, { docker, image: await ensureTestImage() });
    const ran = new Ran(field.sandbox, WORKSPACE);
    await besideForeign(field, ground, async () => {
      await using clock = new DockerClock();
      const rows = TRANSPORTS.map((transport) => faults.map((fault) => rowOf(field, fault, transport)));
      await Promise.all(
        TRANSPORTS.map(async (transport, i) => {
          const lane = new Lane(ground, transport, new Random(options.seed + i), ran);
          const count = half(options.count, transport);
          for (const [j, fault] of faults.entries()) {
            const tally = rows[i]?.[j] as Tally;
            for (let n = 0; n < count; n += 1) await struck(field, tally, lane, fault, clock, `${transport} ${n}`);
          }
          await lane.retire();
        }),
      );
      for (const [i, transport] of TRANSPORTS.entries()) {
        const random = new Random(options.seed + 10 + i);
        await bridgeKilled(field, ground, transport, half(options.count, transport), random, ran);
      }
    });
    await engineKilled(field, options.count, options.seed + 20, ran);
  });
}

/** Why the campaign cannot be run here. */
export function unavailable(): string | undefined {
  return PrivateEngine.unavailable();
}

async function struck(
  field: Field,
  tally: Tally,
  lane: Lane,
  fault: Fault,
  clock: DockerClock,
  label: string,
): Promise<void> {
  const well = await field.strike(tally, label, async () => {
    const { container, ...came } = await lane.strike(tally, (container) =>
      fault.strike(docker, container, lane.random),
    );
    const { outcome, message, struckAt, movedAt } = came;
    if (outcome !== 'completed') {
      const names = fault.ends[outcome];
      tally.check(names?.test(message) ?? false, `ended ${outcome}: ${message}`);
    }
    if (movedAt === undefined)
      tally.check(outcome === 'completed' && fault.event !== 'pause', 'its state said nothing');
    else {
      const behindMs = movedAt - (await clock.when(container, fault.event, struckAt));
      tally.most("state after the engine's event", behindMs, 'ms');
      tally.check(behindMs < BEHIND_MS, `its state was ${Math.round(behindMs)} ms behind the engine's event`);
    }
  });
  if (!well) await lane.retire();
}

/** A container of somebody else's runs all the while, and must be as it was. */
async function besideForeign(field: Field, { engine }: DockerGround, work: () => Promise<void>): Promise<void> {
  const name = `campaign-foreign-${randomUUID().slice(0, 8)}`;
  const look = (): Promise<string> =>
    engine.docker('inspect', '--format', '{{.Id}} {{.State.Status}} {{.State.Pid}} {{.State.StartedAt}}', name);
  await engine.docker('run', '--detach', '--init', '--network', 'none', '--name', name, engine.image, 'sleep', '86400');
  field.sandbox.defer(async () => void (await engine.docker('rm', '--force', name)));
  const before = await look();
  await work();
  const after = await look();
  if (after !== before) throw new Error(`a container of somebody else's was ${before} and is ${after}`);
}

async function checkConnections(before: number): Promise<void> {
  await settled(() => ownConnections().length <= before);
  const now = ownConnections().length;
  if (now > before) throw new Error(`${now - before} sockets or pipes of this process are left`);
}

function rowOf(field: Field, { what, asserted }: Fault, transport: Transport): Tally {
  const way = transport === 'fifo' ? 'over the pipes' : 'over the relay';
  return field.row(
    `${what} at a random moment of an answer of 10,000 lines, ${way}`,
    `${asserted}; text a beginning of the truth, the journal says the same again, the command ran once, next answer exact on the same handle, no stray process`,
  );
}

function half(count: number, transport: Transport): number {
  return transport === 'fifo' ? Math.ceil(count / 2) : Math.floor(count / 2);
}
