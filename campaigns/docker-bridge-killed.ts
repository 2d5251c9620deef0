import type { DockerData } from '@ccb/docker-instance';
import { follow } from './bridge-killed.ts';
import type { Field } from './campaign.ts';
import { type DockerGround, type Transport, wayOf } from './docker-ground.ts';
import { numbered } from './numbered.ts';
import type { Random } from './random.ts';
import type { Ran } from './rotation.ts';
import type { Tally } from './tally.ts';

export function bridgeRow(field: Field, transport: Transport): Tally {
  return field.row(
    `SIGKILL of the bridge during an answer of 10,000 lines of a container, ${wayOf(transport)}; a new process opens the record and resumes after the cursor of the last event told`,
    'the answer joined is exact, each event told once, success, the command ran once, the next answer is exact, the container lives on',
  );
}

/** Bridges are killed at random moments, while their instance lives in a container; another one opens the record and goes on. */
export async function bridgeKilled(
  field: Field,
  tally: Tally,
  ground: DockerGround,
  transport: Transport,
  count: number,
  random: Random,
  ran: Ran,
): Promise<void> {
  const instance = await ground.create(transport);
  await instance.start();
  const { record } = instance;
  const { containerName } = record.data as DockerData;
  await instance.detach();
  const life = (): Promise<string> =>
    ground.engine.docker('inspect', '--format', '{{.Id}} {{.State.StartedAt}}', containerName);
  const before = await life();
  for (let n = 0; n < count; n += 1) {
    await field.strike(tally, `${transport} ${n}`, async () => {
      const command = numbered(random, ran.path);
      const request = { record, id: command.id, text: command.text, env: ground.env };
      await follow(field, tally, random, request, command);
      ran.check(tally, command.id, true);
      tally.same('the life of the container', await life(), before);
    });
  }
  const left = await ground.remove(record);
  tally.check(left.length === 0, left.join('; '));
}
