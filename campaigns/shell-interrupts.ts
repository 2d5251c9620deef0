import { setTimeout as delay } from 'node:timers/promises';
import { runInterrupts } from '../packages/container-agent/src/drivers/testing/interrupts.ts';
import { outcomeOf, readAnswer } from './answer.ts';
import { type CampaignOptions, type CampaignResult, campaign, type Field } from './campaign.ts';
import { within } from './deadline.ts';
import { Random } from './random.ts';
import { checkProcesses, Rotation } from './rotation.ts';
import type { Tally } from './tally.ts';

const STEP_MS = 30_000;
/** Of all interrupts these go the whole way, through the public interface. */
const WHOLE_WAY = 0.15;

/** The shell is interrupted at random moments. `count`: interrupts. */
export async function run(options: CampaignOptions): Promise<CampaignResult> {
  return await campaign('shell-interrupts', options, async (field) => {
    const whole = Math.ceil(options.count * WHOLE_WAY);
    await atTheDriver(field, options.count - whole);
    await wholeWay(field, whole);
  });
}

async function atTheDriver(field: Field, count: number): Promise<void> {
  const tally = field.row(
    'the shell driver interrupted at a random moment, some before the command begins',
    'interrupted or completed, text a beginning of the truth, the same shell with its state, next answer exact',
  );
  const report = await runInterrupts({ count, seed: field.options.seed });
  tally.times = count;
  tally.count('interrupted', report.interrupted);
  tally.count('completed', report.completed);
  for (const violation of report.violations) tally.check(false, violation);
}

async function wholeWay(field: Field, count: number): Promise<void> {
  const tally = field.row(
    '`interrupt()` of an instance at a random moment',
    'cancelled or completed, text a beginning of the truth, the same shell with its variable, next answer exact',
  );
  const random = new Random(field.options.seed);
  const rotation = new Rotation(field.sandbox);
  for (let i = 0; i < count; i += 1) {
    const well = await field.strike(tally, `${i}`, () => interrupted(tally, random, rotation, `v${i}`));
    if (!well) await rotation.retire();
  }
  await rotation.retire();
}

async function interrupted(tally: Tally, random: Random, rotation: Rotation, value: string): Promise<void> {
  const { instance, subject } = await rotation.next();
  const { pid } = (await instance.getInfo()).program;
  await within(STEP_MS, 'the first command', instance.sendCommandAndWait(`kept=${value}`));
  const lines = random.integer(1, 4) * 500;
  const truth = Array.from({ length: lines }, (_, i) => `${i + 1}\n`).join('');
  const inner = random.chance(0.5) ? 'echo "$i"' : '/bin/echo "$i"';
  const stream = instance.sendCommand(`for ((i = 1; i <= ${lines}; i++)); do ${inner}; done`);
  const reading = readAnswer(stream);
  await Promise.race([reading, delay(random.chance(0.2) ? 0 : random.between(0, 60))]);
  const askedAt = performance.now();
  const found = await within(STEP_MS, 'interrupt()', instance.interrupt());
  tally.most('interrupt()', performance.now() - askedAt, 'ms');
  const answer = await within(STEP_MS, 'the end of the answer', reading);
  const outcome = outcomeOf(answer);
  tally.count(outcome);
  tally.check(
    outcome === 'completed' || (outcome === 'CCB_CANCELLED' && answer.result?.status === 'cancelled'),
    `ended ${outcome}`,
  );
  tally.check(found || outcome === 'completed', 'it was cancelled, but interrupt() says that nothing ran');
  tally.beginning('the text', answer.text, truth);
  if (outcome === 'completed') tally.same('the completed text', answer.text, truth);
  const next = await within(STEP_MS, 'the next answer', instance.sendCommandAndWait('echo "$kept"'));
  tally.check(next.success, `the next command ended ${JSON.stringify(next.error)}`);
  tally.same('the next answer', next.output, `${value}\n`);
  await checkProcesses(tally, subject, pid);
}
