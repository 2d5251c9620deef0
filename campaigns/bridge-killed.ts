import { setTimeout as delay } from 'node:timers/promises';
import type { InstanceRecord } from '@ccb/instance-interface';
import { Bridge, type BridgeRequest } from './bridge.ts';
import { type CampaignOptions, type CampaignResult, campaign, type Field } from './campaign.ts';
import { type Numbered, numbered } from './numbered.ts';
import { Random } from './random.ts';
import { Ran } from './rotation.ts';
import { Subject } from './subject.ts';
import type { Tally } from './tally.ts';

const STEP_MS = 30_000;
const STRIKES_PER_INSTANCE = 25;

type Moment = 'while it opened' | 'before or at the send' | 'in the middle' | 'after the end';

/** Bridges are killed at random moments; another one opens the record and goes on. `count`: answers. */
export async function run(options: CampaignOptions): Promise<CampaignResult> {
  return await campaign('bridge-killed', options, async (field) => {
    const random = new Random(options.seed);
    const ran = new Ran(field.sandbox);
    const tally = field.row(
      'SIGKILL of the bridge during an answer of 10,000 lines; a new process opens the record and resumes after the cursor of the last event told',
      'the answer joined is exact, each event told once, success, the command ran once, the next answer is exact',
    );
    let record: InstanceRecord | undefined;
    for (let i = 0; i < options.count; i += 1) {
      if (record === undefined || i % STRIKES_PER_INSTANCE === 0) record = await field.sandbox.createRecord();
      const command = numbered(random, ran.path);
      const request = { record, id: command.id, text: command.text };
      const well = await field.strike(tally, `${i}`, async () => {
        await follow(field, tally, random, request, command);
        tally.check(new Subject(request.record).agents().length === 1, 'there is not one agent');
        ran.check(tally, command.id, true);
      });
      if (!well) record = undefined;
    }
  });
}

/** One answer, read by one bridge after the other. */
export async function follow(
  field: Field,
  tally: Tally,
  random: Random,
  request: BridgeRequest,
  command: Numbered,
): Promise<void> {
  let text = '';
  let after: BridgeRequest['after'];
  const cursors: string[] = [];
  for (let kills = random.chance(0.2) ? 3 : 1; kills > 0; kills -= 1) {
    const bridge = await Bridge.start(field.sandbox, { ...request, after });
    const moment = await killed(bridge, random, command.output.length - text.length);
    tally.count(`killed ${moment}`);
    if (bridge.error !== undefined) throw new Error(bridge.complaint);
    text += bridge.text;
    after = bridge.cursor ?? after;
    cursors.push(...bridge.cursors);
    tally.beginning('what was told', text, command.output);
  }
  const last = await Bridge.start(field.sandbox, { ...request, after, next: `echo next-${command.id}` });
  const openedAt = performance.now();
  await last.ended(STEP_MS);
  tally.most('end after the new start', performance.now() - openedAt, 'ms');
  if (last.complaint !== '') throw new Error(last.complaint);
  tally.same('the joined answer', text + last.text, command.output);
  cursors.push(...last.cursors);
  tally.check(new Set(cursors).size === cursors.length, 'an event was told twice');
  tally.check(last.result?.success === true, `the result is ${JSON.stringify(last.result)}`);
  tally.check(
    last.next?.success === true && last.next.output === `next-${command.id}\n`,
    `then ${JSON.stringify(last.next)}`,
  );
}

async function killed(bridge: Bridge, random: Random, left: number): Promise<Moment> {
  const draw = random.fraction();
  const moment: Moment =
    draw < 0.1
      ? 'while it opened'
      : draw < 0.2
        ? 'before or at the send'
        : draw < 0.9
          ? 'in the middle'
          : 'after the end';
  const target = random.fraction() * left;
  const pause = random.between(0, moment === 'while it opened' ? 250 : 3);
  if (moment === 'before or at the send') await bridge.until(() => bridge.stage !== 'starting', STEP_MS);
  if (moment === 'in the middle')
    await bridge.until(() => bridge.text.length > target || bridge.stage === 'ended', STEP_MS);
  if (moment === 'after the end') await bridge.until(() => bridge.stage === 'ended', STEP_MS);
  await delay(pause);
  await bridge.kill();
  return moment;
}
