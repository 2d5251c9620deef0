import { setTimeout as delay } from 'node:timers/promises';
import { PrivateEngine } from '../packages/docker-instance/src/testing/private-engine.ts';
import type { Field } from './campaign.ts';
import { DockerGround, type Transport, wayOf } from './docker-ground.ts';
import { Lane } from './docker-lane.ts';
import { Random } from './random.ts';
import type { Ran } from './rotation.ts';
import type { Tally } from './tally.ts';

const TRANSPORTS: readonly Transport[] = ['fifo', 'exec'];
const ASSERTED =
  'text a beginning of the truth, the journal says the same again, the command ran once, next answer exact on the same handle, no stray process';

/** An engine of the campaign's own is killed, sometimes with its containerd, and comes back: with its containers, or having ended them. */
export async function engineKilled(field: Field, count: number, seed: number, ran: Ran): Promise<void> {
  const rows = {
    kept: rowsOf(field, 'it comes back with live-restore', 'the answer is exact and complete'),
    ended: rowsOf(
      field,
      'it comes back and ends its containers',
      'exact, or within 10 s CCB_STOPPED (an engine ends politely what it finds) or CCB_AGENT_LOST that names their end',
    ),
  };
  const engine = await PrivateEngine.start();
  field.sandbox.defer(() => engine[Symbol.asyncDispose]());
  const ground = new DockerGround(field.sandbox, {
    docker: (...args) => engine.docker(...args),
    client: engine.client,
    image: await engine.testImage(),
  });
  const random = new Random(seed);
  const lanes = TRANSPORTS.map((transport, i) => new Lane(ground, transport, new Random(seed + 1 + i), ran));
  for (let n = 0; n < count; n += 1) {
    const kept = n % 2 === 0;
    await Promise.all(lanes.map((lane) => lane.instance()));
    let strike: Promise<number> | undefined;
    // The answer that gets there first decides when.
    const once = (): Promise<number> => (strike ??= struckOnce(engine, kept, random));
    await Promise.all(
      lanes.map(async (lane, i) => {
        const tally = (kept ? rows.kept : rows.ended)[i] as Tally;
        const well = await field.strike(tally, `${lane.transport} ${n}`, async () => {
          const { outcome, message, movedAt } = await lane.strike(tally, once);
          if (movedAt !== undefined) tally.most('state after the strike', movedAt - (await once()), 'ms');
          if (kept) tally.check(outcome === 'completed', `ended ${outcome}: ${message}`);
          else if (outcome !== 'completed') {
            const named =
              outcome === 'CCB_STOPPED' ||
              (outcome === 'CCB_AGENT_LOST' && /the container ended: exit \d+/.test(message));
            tally.check(named, `ended ${outcome}: ${message}`);
          }
        });
        if (!well) await lane.retire();
      }),
    );
  }
  for (const lane of lanes) await lane.retire();
}

/** When, in ms since the epoch. */
async function struckOnce(engine: PrivateEngine, liveRestore: boolean, random: Random): Promise<number> {
  const killedAt = Date.now();
  await engine.kill(random.chance(0.5) ? 'dockerd' : 'dockerd and containerd');
  await delay(random.between(0, 1_000));
  await engine.start({ liveRestore });
  return killedAt;
}

function rowsOf(field: Field, then: string, asserted: string): readonly Tally[] {
  return TRANSPORTS.map((transport) => {
    return field.row(
      `SIGKILL of the engine at a random moment of an answer of 10,000 lines, ${wayOf(transport)}; ${then}`,
      `${asserted}; ${ASSERTED}`,
    );
  });
}
