import { execFileSync } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { canIsolate, fakeApiEnvironment, startIsolatedApi } from '@ccb/conformance/claude';
import type { InstanceRecord } from '@ccb/instance-interface';
import { outcomeOf } from './answer.ts';
import { Bridge } from './bridge.ts';
import { type CampaignOptions, type CampaignResult, campaign } from './campaign.ts';
import { Random } from './random.ts';
import { checkProcesses, Ran } from './rotation.ts';
import { Subject } from './subject.ts';
import type { Tally } from './tally.ts';

const VERSION = '2.1.197';
const STEP_MS = 60_000;
const END_MS = 15_000;
const STRIKES_PER_INSTANCE = 10;
const TYPED = ['completed', 'CCB_PROGRAM_EXITED', 'CCB_AGENT_LOST'];

type Victim = 'bridge' | 'agent' | 'claude';

/** One turn of which the whole answer is known. */
interface Prompt {
  readonly id: string;
  readonly text: string;
  readonly truth: string;
  /** ms that it takes. */
  readonly lasts: number;
}

/** Any of bridge, agent and the real Claude Code are killed at a random moment of a turn. `count`: kills. */
export async function run(options: CampaignOptions): Promise<CampaignResult> {
  await using api = await startIsolatedApi();
  const executable = await api.executable(binary());
  const env = { ...fakeApiEnvironment(api.url, { maxRetries: 1 }), CLAUDE_CODE_EXECUTABLE: executable };
  return await campaign('claude-killed', options, async (field) => {
    const random = new Random(options.seed);
    const ran = new Ran(field.sandbox);
    const tally = field.row(
      `SIGKILL of any of bridge, agent and Claude Code ${VERSION} at a random moment of a turn (text, thinking, a tool)`,
      'typed end within 15 s, text a beginning of the truth, no wrong success, a tool ran at most once, no orphan tool, the conversation goes on with its history',
    );
    let record: InstanceRecord | undefined;
    let told: string[] = [];
    for (let i = 0; i < options.count; i += 1) {
      if (record === undefined || i % STRIKES_PER_INSTANCE === 0) {
        record = await field.sandbox.createRecord({ program: 'claude', env });
        told = [];
      }
      const target = { record, env };
      const well = await field.strike(tally, `${i}`, async () => {
        const prompt = promptFor(random, ran.path);
        const victims = random.shuffled<Victim>(['bridge', 'agent', 'claude']).slice(0, random.integer(1, 3));
        const first = await Bridge.start(field.sandbox, { ...target, id: prompt.id, text: prompt.text });
        await first.until(() => first.stage === 'asked', STEP_MS);
        await delay(random.between(0, prompt.lasts * 1.1));
        await strike(first, new Subject(target.record), victims);
        tally.count(`killed ${[...victims].sort().join(' and ')}`);
        told.push(`say: next-${prompt.id}`);
        await goOn(field.sandbox, tally, ran, { ...target, prompt, first, told });
      });
      if (!well) record = undefined;
    }
  });
}

/** Why the campaign cannot be run here. */
export function unavailable(): string | undefined {
  return canIsolate() ? undefined : 'network namespaces cannot be made';
}

interface Aftermath {
  readonly record: InstanceRecord;
  readonly env: Readonly<Record<string, string>>;
  readonly prompt: Prompt;
  readonly first: Bridge;
  readonly told: readonly string[];
}

/** A bridge that is left reads to the end; else another one opens the record and resumes. Then the conversation goes on. */
async function goOn(
  sandbox: Parameters<typeof Bridge.start>[0],
  tally: Tally,
  ran: Ran,
  { record, env, prompt, first, told }: Aftermath,
): Promise<void> {
  const struckAt = performance.now();
  const { id, text, truth } = prompt;
  if (!first.killed) await first.ended(STEP_MS);
  const second = await Bridge.start(sandbox, { record, env, id, text, after: first.cursor, next: told.at(-1) });
  await second.until(() => second.stage === 'ended', STEP_MS);
  tally.most('end after the strike', performance.now() - struckAt, 'ms');
  tally.check(performance.now() - struckAt < END_MS, 'the end came too late');
  await second.ended(STEP_MS);
  if (second.complaint !== '') throw new Error(second.complaint);
  const outcome = outcomeOf({ result: second.result, error: undefined });
  tally.count(outcome);
  tally.check(TYPED.includes(outcome), `ended ${outcome}: ${JSON.stringify(second.result)}`);
  const answer = first.text + second.text;
  tally.beginning('the text', answer, truth);
  if (outcome === 'completed') tally.same('the completed text', answer, truth);
  ran.check(tally, id, false);
  tally.same('the next answer', String(second.next?.output), `next-${id}`);
  const third = await Bridge.start(sandbox, { record, env, id: `${id}-recall`, text: 'recall' });
  await third.ended(STEP_MS);
  if (third.complaint !== '') throw new Error(third.complaint);
  const kept = third.text.split('\n').filter((line) => told.includes(line));
  tally.same('what is remembered', kept.join('\n'), told.join('\n'));
  await checkProcesses(tally, new Subject(record), third.program);
}

async function strike(bridge: Bridge, subject: Subject, victims: readonly Victim[]): Promise<void> {
  const program = bridge.program;
  const strikes: Record<Victim, () => void | Promise<void>> = {
    bridge: () => bridge.kill(),
    agent: () => void subject.strikeAgent('SIGKILL'),
    claude: () => subject.strikeProgram(program, 'SIGKILL'),
  };
  await Promise.all(victims.map((victim) => strikes[victim]()));
}

function promptFor(random: Random, ran: string): Prompt {
  const id = `c-${random.id()}`;
  const pieces = random.integer(3, 10);
  const kinds: readonly (() => Omit<Prompt, 'id'>)[] = [
    () => ({
      text: `slow: ${pieces}`,
      truth: Array.from({ length: pieces }, (_, i) => `w${i} `).join(''),
      lasts: pieces * 100,
    }),
    () => ({ text: 'lines: 3000', truth: Array.from({ length: 3_000 }, (_, i) => `${i + 1}\n`).join(''), lasts: 300 }),
    () => ({ text: `think: ${'it over and over '.repeat(5)}`, truth: 'thought', lasts: 300 }),
    () => ({
      text: `bash: echo ${id} >> '${ran}'; sleep 0.5; echo done-${id}`,
      truth: `tool said: done-${id}`,
      lasts: 900,
    }),
  ];
  const kind = kinds[random.integer(0, kinds.length - 1)] as (typeof kinds)[number];
  return { id, ...kind() };
}

/** Installed into a cache folder, never a dependency. */
function binary(): string {
  const script = fileURLToPath(new URL('../scripts/claude-code.mjs', import.meta.url));
  return execFileSync(process.execPath, [script, VERSION], { encoding: 'utf8' }).trim();
}
