import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { PrivateEngine } from '../packages/docker-instance/src/testing/private-engine.ts';
import { ensureTestImage } from '../packages/docker-instance/src/testing/test-image.ts';
import { type CampaignOptions, type CampaignResult, campaign, type Field } from './campaign.ts';
import { childProgram } from './child-program.ts';
import { settled } from './deadline.ts';
import { bridgeKilled, bridgeRow } from './docker-bridge-killed.ts';
import { DockerClock } from './docker-clock.ts';
import { engineKilled } from './docker-engine-killed.ts';
import { DockerGround, docker, type Transport, WORKSPACE, wayOf } from './docker-ground.ts';
import { Lane } from './docker-lane.ts';
import { type Fault, faults } from './docker-strikes.ts';
import { ownConnections } from './processes.ts';
import { Random } from './random.ts';
import { Ran } from './rotation.ts';
import type { Tally } from './tally.ts';

const TRANSPORTS: readonly Transport[] = ['fifo', 'exec'];
/** ms that an engine has to say that it is there. */
const ANSWER_MS = 10_000;
/** ms that a state may be behind the engine's own event, on a busy machine. */
const BEHIND_MS = 1_000;

type Rows = Readonly<Record<Transport, { readonly struck: ReadonlyMap<Fault, Tally>; readonly bridgeKilled: Tally }>>;

/** What the world does to containers and to their engine in the middle of an answer. `count`: strikes of each kind, half of them over each transport. */
export async function run(options: CampaignOptions): Promise<CampaignResult> {
  return await campaign('docker-faults', options, async (field) => {
    // Its builder stays for the life of this process.
    await childProgram(field.sandbox, 'bridge');
    const connections = ownConnections().length;
    field.sandbox.defer(() => checkConnections(connections));
    const ground = new DockerGround(field.sandbox, { docker, image: await ensureTestImage() });
    const ran = new Ran(field.sandbox, WORKSPACE);
    const rows = rowsOf(field);
    await together([
      // Each of the two mostly waits for its engine.
      besideForeign(field, ground, () => onSharedEngine(field, ground, ran, rows)),
      engineKilled(field, options.count, options.seed + 20, ran),
    ]);
  });
}

async function onSharedEngine(field: Field, ground: DockerGround, ran: Ran, rows: Rows): Promise<void> {
  const { count, seed } = field.options;
  await using clock = new DockerClock();
  await together(
    TRANSPORTS.map(async (transport, i) => {
      const lane = new Lane(ground, transport, new Random(seed + i), ran);
      const { struck, bridgeKilled: bridge } = rows[transport];
      for (const [fault, tally] of struck) {
        for (let n = 0; n < half(count, transport); n += 1)
          await strikeOne(field, tally, lane, fault, clock, `${transport} ${n}`);
      }
      await lane.retire();
      await bridgeKilled(field, bridge, ground, transport, half(count, transport), new Random(seed + 10 + i), ran);
    }),
  );
}

/** All of it, to the end, also when some of it fails. */
async function together(work: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(work)).find((each) => each.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/** Why the campaign cannot be run here. */
export function unavailable(): string | undefined {
  try {
    execFileSync('docker', ['version'], { stdio: 'ignore', timeout: ANSWER_MS });
  } catch {
    return 'no Docker engine answers';
  }
  return PrivateEngine.unavailable();
}

async function strikeOne(
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

/** In the order of the table. */
function rowsOf(field: Field): Rows {
  const fifo = new Map<Fault, Tally>();
  const exec = new Map<Fault, Tally>();
  for (const fault of faults) {
    fifo.set(fault, rowOf(field, fault, 'fifo'));
    exec.set(fault, rowOf(field, fault, 'exec'));
  }
  return {
    fifo: { struck: fifo, bridgeKilled: bridgeRow(field, 'fifo') },
    exec: { struck: exec, bridgeKilled: bridgeRow(field, 'exec') },
  };
}

function rowOf(field: Field, { what, asserted }: Fault, transport: Transport): Tally {
  return field.row(
    `${what} at a random moment of an answer of 10,000 lines, ${wayOf(transport)}`,
    `${asserted}; text a beginning of the truth, the journal says the same again, the command ran once, next answer exact on the same handle, no stray process`,
  );
}

function half(count: number, transport: Transport): number {
  return transport === 'fifo' ? Math.ceil(count / 2) : Math.floor(count / 2);
}
