import { setTimeout as delay } from 'node:timers/promises';
import type { InstanceInterface } from '@ccb/instance-interface';
import { messageOf, outcomeOf, readAnswer } from './answer.ts';
import { type CampaignOptions, type CampaignResult, campaign } from './campaign.ts';
import { within } from './deadline.ts';
import { numbered } from './numbered.ts';
import { Random } from './random.ts';
import { checkProcesses, Ran, Rotation } from './rotation.ts';
import type { Tally } from './tally.ts';

/** An answer must have ended this long after the strike. */
const END_MS = 10_000;
const STEP_MS = 30_000;

/** The agent is killed in the middle of an answer, while its bridge reads. `count`: answers. */
export async function run(options: CampaignOptions): Promise<CampaignResult> {
  return await campaign('agent-killed', options, async (field) => {
    const random = new Random(options.seed);
    const ran = new Ran(field.sandbox);
    const rotation = new Rotation(field.sandbox);
    const tally = field.row(
      'SIGKILL of the agent at a random moment of an answer of 10,000 lines',
      'typed end (CCB_AGENT_LOST, or completed) within 10 s, text a beginning of the truth, the command ran once, next answer exact, no stray process',
    );
    for (let i = 0; i < options.count; i += 1) {
      const well = await field.strike(tally, `${i}`, async () => {
        const { instance, subject } = await rotation.next();
        const struck = await strikeAnswer(instance, random, ran, () => void subject.strikeAgent('SIGKILL'));
        tally.count(struck.outcome);
        tally.check(['completed', 'CCB_AGENT_LOST'].includes(struck.outcome), `ended ${struck.outcome}`);
        checkStruck(tally, ran, struck);
        await checkNext(tally, instance, struck.id);
        await checkProcesses(tally, subject, (await instance.getInfo()).program.pid);
      });
      if (!well) await rotation.retire();
    }
  });
}

export interface Struck {
  readonly id: string;
  readonly outcome: string;
  /** Of what went wrong. */
  readonly message: string;
  readonly restarted: boolean;
  readonly text: string;
  readonly truth: string;
  /** ms from the strike to the end of the answer. */
  readonly endedAfterMs: number;
}

/** Sends a command, strikes at a random moment of its answer, and reads to the end. */
export async function strikeAnswer(
  instance: InstanceInterface,
  random: Random,
  ran: Ran,
  strike: () => void | Promise<void>,
): Promise<Struck> {
  const command = numbered(random, ran.path);
  const target = random.fraction() * command.output.length * 0.97;
  let reach = (): void => {};
  const reached = new Promise<void>((resolve) => {
    reach = resolve;
  });
  const reading = readAnswer(instance.sendCommand(command.text, { id: command.id }), (length) => {
    if (length > target) reach();
  });
  await within(STEP_MS, 'the moment', Promise.race([reached, reading]));
  await delay(random.between(0, 5));
  const struckAt = performance.now();
  await strike();
  const answer = await within(STEP_MS, 'the end of the answer', reading);
  const endedAfterMs = performance.now() - struckAt;
  const { text, restarted } = answer;
  const message = messageOf(answer);
  return { id: command.id, outcome: outcomeOf(answer), message, restarted, text, truth: command.output, endedAfterMs };
}

export function checkStruck(tally: Tally, ran: Ran, struck: Struck): void {
  tally.beginning('the text', struck.text, struck.truth);
  if (struck.outcome === 'completed') tally.same('the completed text', struck.text, struck.truth);
  tally.check(struck.endedAfterMs < END_MS, `ended ${Math.round(struck.endedAfterMs)} ms after the strike`);
  tally.most('end after the strike', struck.endedAfterMs, 'ms');
  ran.check(tally, struck.id, struck.text !== '');
}

/** The same handle goes on, with nothing of what was before. */
export async function checkNext(tally: Tally, instance: InstanceInterface, id: string): Promise<void> {
  const { output, success } = await within(STEP_MS, 'the next answer', instance.sendCommandAndWait(`echo next-${id}`));
  tally.check(success, 'the next command failed');
  tally.same('the next answer', output, `next-${id}\n`);
}
