import { setTimeout as delay } from 'node:timers/promises';
import { InstanceError } from '@ccb/instance-interface';
import type { ProcessInstance } from '@ccb/process-instance';
import { checkNext } from './agent-killed.ts';
import { type Answer, outcomeOf, readAnswer } from './answer.ts';
import { type CampaignOptions, type CampaignResult, campaign, type Field } from './campaign.ts';
import { within } from './deadline.ts';
import { type Numbered, numbered } from './numbered.ts';
import { Random } from './random.ts';
import { checkProcesses, Ran, Rotation } from './rotation.ts';
import type { Subject } from './subject.ts';
import type { Tally } from './tally.ts';

const STEP_MS = 30_000;
const CALL_MS = 300;
/** What a busy machine adds to a deadline. */
const MARGIN_MS = 2_000;
/** How long a cancelled command is waited for. */
const CANCEL_MS = 10_000;
/** The agent counts as silent after 15 s, seen by a heartbeat of 5 s. */
const SILENCE_MS = 25_000;

/** Program and agent are stopped (SIGSTOP) in the middle of an answer and continued. `count`: short freezes of each. */
export async function run(options: CampaignOptions): Promise<CampaignResult> {
  return await campaign('frozen', options, async (field) => {
    const ran = new Ran(field.sandbox);
    const random = (offset: number): Random => new Random(options.seed + offset);
    await Promise.all([
      freezes(field, random(0), ran).then(() => shortSilences(field, random(1), ran)),
      longSilences(field, random(2), ran),
      frozenStops(field, random(3), ran),
      frozenCancels(field, random(4), ran),
    ]);
  });
}

async function freezes(field: Field, random: Random, ran: Ran): Promise<void> {
  const asserted = 'isRunning false while it is stopped, other calls end by their deadline; then the answer is exact';
  const tally = field.row('SIGSTOP of the program in an answer, SIGCONT after up to 1 s', asserted);
  await struck(field, tally, random, ran, field.options.count, async ({ instance, subject, reading }) => {
    const { pid } = (await instance.getInfo()).program;
    subject.strikeProgram(pid, 'SIGSTOP');
    await delay(20);
    tally.check(!(await instance.isRunning()), 'isRunning is true');
    await checkDeadline(tally, instance, 'a queued command', CALL_MS + MARGIN_MS);
    await delay(random.between(0, 1_000));
    subject.strikeProgram(pid, 'SIGCONT');
    await checkThawed(tally, instance, reading);
  });
}

async function shortSilences(field: Field, random: Random, ran: Ran): Promise<void> {
  const asserted = 'isRunning false, calls end by their deadline; then the answer is exact';
  const tally = field.row('SIGSTOP of the agent in an answer, SIGCONT after up to 3 s', asserted);
  await struck(field, tally, random, ran, field.options.count, async ({ instance, subject, reading }) => {
    const agent = subject.strikeAgent('SIGSTOP');
    try {
      await checkUnanswered(tally, instance);
      await delay(random.between(0, 3_000 - 2 * CALL_MS));
    } finally {
      process.kill(agent, 'SIGCONT');
    }
    await checkThawed(tally, instance, reading);
  });
}

async function longSilences(field: Field, random: Random, ran: Ran): Promise<void> {
  const asserted =
    'unreachable with CCB_AGENT_FROZEN, no second agent, calls end by their deadline; then running, and the answer is exact';
  const tally = field.row('SIGSTOP of the agent in an answer, for longer than the limit of silence', asserted);
  await struck(
    field,
    tally,
    random,
    ran,
    Math.ceil(field.options.count / 10),
    async ({ instance, subject, reading }) => {
      const frozen = moved(instance, 'unreachable');
      const agent = subject.strikeAgent('SIGSTOP');
      const frozenAt = performance.now();
      const thawed = moved(instance, 'running');
      try {
        const change = await within(SILENCE_MS, 'the state unreachable', frozen);
        tally.most('noticed', performance.now() - frozenAt, 'ms');
        tally.check(change.error?.code === 'CCB_AGENT_FROZEN', `unreachable because of ${change.error?.code}`);
        await checkUnanswered(tally, instance);
        await checkDeadline(tally, instance, 'a command to a frozen agent', CALL_MS + CANCEL_MS + MARGIN_MS);
        tally.check(subject.agents().join() === String(agent), `its agents are ${subject.agents()}`);
      } finally {
        process.kill(agent, 'SIGCONT');
      }
      await within(STEP_MS, 'the state running', thawed);
      await checkThawed(tally, instance, reading);
    },
  );
}

async function frozenStops(field: Field, random: Random, ran: Ran): Promise<void> {
  const tally = field.row(
    'stop() while the agent is stopped (SIGSTOP)',
    'it ends by its deadline, the command fails typed, no process is left; it starts again',
  );
  await struck(
    field,
    tally,
    random,
    ran,
    Math.ceil(field.options.count / 5),
    async ({ instance, subject, reading }) => {
      subject.strikeAgent('SIGSTOP');
      const stoppedAt = performance.now();
      await within(STEP_MS, 'stop()', instance.stop({ graceMs: 500 }));
      tally.most('stop()', performance.now() - stoppedAt, 'ms');
      tally.check(performance.now() - stoppedAt <= 10_500 + MARGIN_MS, 'stop() outlasted its deadline');
      const answer = await within(STEP_MS, 'the end of the answer', reading.answer);
      tally.beginning('the text', answer.text, reading.command.output);
      tally.count(outcomeOf(answer));
      tally.check(
        ['completed', 'CCB_STOPPED', 'CCB_AGENT_LOST'].includes(outcomeOf(answer)),
        `ended ${outcomeOf(answer)}`,
      );
      const left = [...subject.programs(), ...subject.agents()];
      tally.check(left.length === 0, `processes ${left} are left`);
      await checkNext(tally, instance, reading.command.id);
    },
  );
}

async function frozenCancels(field: Field, random: Random, ran: Ran): Promise<void> {
  const tally = field.row(
    'cancel() while the program is stopped (SIGSTOP)',
    'cancelled, by force, within 10 s and the grace of SIGTERM; next answer exact, no stray process',
  );
  await struck(
    field,
    tally,
    random,
    ran,
    Math.ceil(field.options.count / 10),
    async ({ instance, subject, reading }) => {
      subject.strikeProgram((await instance.getInfo()).program.pid, 'SIGSTOP');
      const cancelledAt = performance.now();
      const result = await within(STEP_MS, 'cancel()', reading.cancel());
      tally.most('cancel()', performance.now() - cancelledAt, 'ms');
      tally.check(performance.now() - cancelledAt <= CANCEL_MS + 2_000 + MARGIN_MS, 'cancel() outlasted its deadline');
      tally.count(result.status);
      tally.check(['cancelled', 'completed'].includes(result.status), `ended ${JSON.stringify(result)}`);
      tally.beginning('the text', (await reading.answer).text, reading.command.output);
      await checkNext(tally, instance, reading.command.id);
      await checkProcesses(tally, subject, (await instance.getInfo()).program.pid);
    },
  );
}

interface Reading {
  readonly command: Numbered;
  readonly answer: Promise<Answer>;
  cancel(): Promise<{ readonly status: string }>;
}

interface Moment {
  readonly instance: ProcessInstance;
  readonly subject: Subject;
  readonly reading: Reading;
}

/** Brings an answer to a random point, and lets `strike` do the rest. */
async function struck(
  field: Field,
  tally: Tally,
  random: Random,
  ran: Ran,
  count: number,
  strike: (moment: Moment) => Promise<void>,
): Promise<void> {
  const rotation = new Rotation(field.sandbox);
  for (let i = 0; i < count; i += 1) {
    const well = await field.strike(tally, `${i}`, async () => {
      const { instance, subject } = await rotation.next();
      const command = numbered(random, ran.path);
      const target = random.fraction() * command.output.length * 0.8;
      const stream = instance.sendCommand(command.text, { id: command.id });
      let answer: Promise<Answer> | undefined;
      await within(
        STEP_MS,
        'the moment',
        new Promise<void>((resolve, reject) => {
          answer = readAnswer(stream, (length) => {
            if (length > target) resolve();
          });
          answer.then(() => resolve(), reject);
        }),
      );
      await strike({
        instance,
        subject,
        reading: { command, answer: answer as Promise<Answer>, cancel: () => stream.cancel() },
      });
      ran.check(tally, command.id, true);
    });
    if (!well) await rotation.retire();
  }
  await rotation.retire();
}

async function checkThawed(tally: Tally, instance: ProcessInstance, { command, answer }: Reading): Promise<void> {
  const { text, result } = await within(STEP_MS, 'the answer', answer);
  tally.check(result?.success === true, `ended ${JSON.stringify(result)}`);
  tally.same('the answer', text, command.output);
  tally.check(await instance.isRunning(), 'isRunning is false afterwards');
  await checkNext(tally, instance, command.id);
}

async function checkUnanswered(tally: Tally, instance: ProcessInstance): Promise<void> {
  const askedAt = performance.now();
  tally.check(!(await instance.isRunning({ timeoutMs: CALL_MS })), 'isRunning is true');
  const { problem } = await instance.getInfo({ timeoutMs: CALL_MS });
  tally.check(problem !== undefined, 'getInfo tells of no problem');
  checkTime(tally, 'isRunning and getInfo', askedAt, 2 * CALL_MS + MARGIN_MS);
}

/** A command with a deadline ends by it, whatever is frozen. */
async function checkDeadline(tally: Tally, instance: ProcessInstance, what: string, limitMs: number): Promise<void> {
  const sentAt = performance.now();
  const code = await within(
    STEP_MS,
    what,
    instance.sendCommandAndWait('echo unwanted', { timeoutMs: CALL_MS }).then(
      (result) => result.error?.code ?? 'success',
      (error: unknown) => (InstanceError.is(error) ? error.code : String(error)),
    ),
  );
  tally.check(code === 'CCB_TIMEOUT', `${what} ended ${code}`);
  checkTime(tally, what, sentAt, limitMs);
}

function checkTime(tally: Tally, what: string, from: number, limitMs: number): void {
  const ms = performance.now() - from;
  tally.most(what, ms, 'ms');
  tally.check(ms <= limitMs, `${what} took ${Math.round(ms)} ms`);
}

function moved(instance: ProcessInstance, to: string): Promise<{ readonly error?: InstanceError | undefined }> {
  return new Promise((resolve) => {
    const off = instance.onStateChange((change) => {
      if (change.to !== to) return;
      off();
      resolve(change);
    });
  });
}
