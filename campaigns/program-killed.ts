import { setTimeout as delay } from 'node:timers/promises';
import { checkNext, checkStruck, strikeAnswer } from './agent-killed.ts';
import { messageOf, outcomeOf } from './answer.ts';
import { Bridge } from './bridge.ts';
import { type CampaignOptions, type CampaignResult, campaign, type Field } from './campaign.ts';
import { numbered } from './numbered.ts';
import { Random } from './random.ts';
import { checkProcesses, Ran, Rotation } from './rotation.ts';
import { Subject } from './subject.ts';

const STEP_MS = 30_000;
const ASSERTED =
  'typed end within 10 s, text a beginning of the truth, the command ran once, next answer exact, no stray process';
const TYPED = ['completed', 'CCB_PROGRAM_EXITED', 'CCB_AGENT_LOST'];

/** The program is killed in the middle of an answer; and pairs, and all three at once. `count`: kills of the program alone; of each set a quarter of it. */
export async function run(options: CampaignOptions): Promise<CampaignResult> {
  return await campaign('program-killed', options, async (field) => {
    const random = new Random(options.seed);
    const ran = new Ran(field.sandbox);
    await alone(field, random, ran);
    await withAgent(field, random, ran);
    for (const program of [false, true]) await withBridge(field, random, ran, program);
  });
}

async function alone(field: Field, random: Random, ran: Ran): Promise<void> {
  const tally = field.row(
    'SIGKILL of the program (bash) at a random moment',
    `${ASSERTED}; a status event \`restarted\``,
  );
  const rotation = new Rotation(field.sandbox);
  for (let i = 0; i < field.options.count; i += 1) {
    const well = await field.strike(tally, `program ${i}`, async () => {
      const { instance, subject } = await rotation.next();
      const { pid } = (await instance.getInfo()).program;
      const struck = await strikeAnswer(instance, random, ran, () => subject.strikeProgram(pid, 'SIGKILL'));
      tally.count(struck.outcome);
      tally.check(['completed', 'CCB_PROGRAM_EXITED'].includes(struck.outcome), `ended ${struck.outcome}`);
      tally.check(struck.restarted || struck.outcome === 'completed', 'no event said `restarted`');
      checkStruck(tally, ran, struck);
      await checkNext(tally, instance, struck.id);
      await checkProcesses(tally, subject, (await instance.getInfo()).program.pid);
    });
    if (!well) await rotation.retire();
  }
  await rotation.retire();
}

async function withAgent(field: Field, random: Random, ran: Ran): Promise<void> {
  const tally = field.row('SIGKILL of program and agent at once', ASSERTED);
  const rotation = new Rotation(field.sandbox);
  for (let i = 0; i < quarter(field); i += 1) {
    const well = await field.strike(tally, `program and agent ${i}`, async () => {
      const { instance, subject } = await rotation.next();
      const { pid } = (await instance.getInfo()).program;
      const strikeProgram = subject.aimAtProgram(pid);
      const strikes = random.shuffled([() => strikeProgram('SIGKILL'), () => void subject.strikeAgent('SIGKILL')]);
      const struck = await strikeAnswer(instance, random, ran, () => {
        for (const strike of strikes) strike();
      });
      tally.count(struck.outcome);
      tally.check(TYPED.includes(struck.outcome), `ended ${struck.outcome}`);
      checkStruck(tally, ran, struck);
      await checkNext(tally, instance, struck.id);
      await checkProcesses(tally, subject, (await instance.getInfo()).program.pid);
    });
    if (!well) await rotation.retire();
  }
  await rotation.retire();
}

async function withBridge(field: Field, random: Random, ran: Ran, program: boolean): Promise<void> {
  const who = program ? 'program, agent and bridge' : 'agent and bridge';
  const tally = field.row(`SIGKILL of ${who} at once; a new bridge opens the record`, ASSERTED);
  let record = await field.sandbox.createRecord();
  for (let i = 0; i < quarter(field); i += 1) {
    const well = await field.strike(tally, `${who} ${i}`, async () => {
      const command = numbered(random, ran.path);
      const request = { record, id: command.id, text: command.text };
      const subject = new Subject(record);
      const first = await Bridge.start(field.sandbox, request);
      const target = random.fraction() * command.output.length * 0.97;
      await first.until(() => first.text.length > target || first.stage === 'ended', STEP_MS);
      await delay(random.between(0, 5));
      const strikes: (() => void | Promise<void>)[] = [() => first.kill(), () => void subject.strikeAgent('SIGKILL')];
      if (program) {
        const strikeProgram = subject.aimAtProgram(first.program);
        strikes.push(() => strikeProgram('SIGKILL'));
      }
      await Promise.all(random.shuffled(strikes).map((strike) => strike()));
      const second = await Bridge.start(field.sandbox, {
        ...request,
        after: first.cursor,
        next: `echo next-${command.id}`,
      });
      const startedAt = performance.now();
      await second.until(() => second.stage === 'ended', STEP_MS);
      const endedAfterMs = performance.now() - startedAt;
      await second.ended(STEP_MS);
      if (second.complaint !== '') throw new Error(second.complaint);
      const outcome = outcomeOf({ result: second.result, error: undefined });
      tally.count(outcome);
      tally.check(TYPED.includes(outcome), `ended ${outcome}`);
      checkStruck(tally, ran, {
        id: command.id,
        outcome,
        message: messageOf({ result: second.result, error: undefined }),
        restarted: second.restarted,
        text: first.text + second.text,
        truth: command.output,
        endedAfterMs,
      });
      tally.same('the next answer', String(second.next?.output), `next-${command.id}\n`);
      await checkProcesses(tally, subject, subject.programPid());
    });
    if (!well) record = await field.sandbox.createRecord();
  }
}

function quarter(field: Field): number {
  return Math.ceil(field.options.count / 4);
}
