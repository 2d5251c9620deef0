import { setTimeout as delay } from 'node:timers/promises';
import { createShellDriver } from '../shell/shell-driver.ts';
import { seededRandom } from './random.ts';
import { type Answer, subject } from './recorder.ts';

const DEADLINE_MS = 15_000;

export interface InterruptsReport {
  readonly count: number;
  /** Commands that ended by the interrupt, and that were over before it. */
  readonly interrupted: number;
  readonly completed: number;
  /** One sentence for each thing that was not as it must be. */
  readonly violations: readonly string[];
}

interface Interrupted {
  readonly text: string;
  readonly stdout: string;
}

/** Each takes some 40 ms, most of it in transitions. */
const commands: readonly ((index: number) => Interrupted)[] = [
  (i) => ({ text: `for k in {1..30}; do echo $k; /bin/true; done; echo b${i}`, stdout: `${numbers(30)}b${i}\n` }),
  (i) => ({ text: `for ((k = 0; k < 20000; k++)); do :; done; echo b${i}`, stdout: `b${i}\n` }),
  (i) => ({ text: `echo 1; sleep 0.0${2 + (i % 6)}; echo b${i}`, stdout: `1\nb${i}\n` }),
  (i) => ({ text: `for k in {1..8}; do seq 1 3000; done; echo b${i}`, stdout: `${numbers(3000).repeat(8)}b${i}\n` }),
  (i) => ({
    text: `for k in {1..15}; do x=$(echo $k | cat); echo $x; done; echo b${i}`,
    stdout: `${numbers(15)}b${i}\n`,
  }),
  (i) => ({
    text: `seq 1 40 | while read -r k; do echo $k; sleep 0.001; done; echo b${i}`,
    stdout: `${numbers(40)}b${i}\n`,
  }),
];

/**
 * Interrupts a shell at random moments, some before the command begins. After each the shell must be the same one, with
 * its state, and the next command exact; what the interrupted one wrote must be a beginning of its whole output.
 */
export async function runInterrupts(options: {
  readonly count: number;
  readonly seed: number;
}): Promise<InterruptsReport> {
  const random = seededRandom(options.seed);
  const violations: string[] = [];
  const ended = { interrupted: 0, completed: 0 };
  await using shell = subject(createShellDriver);
  await shell.driver.start(AbortSignal.timeout(DEADLINE_MS));
  await shell.run('X=keep; cd /usr');
  for (let index = 0; index < options.count; index += 1) {
    const { text, stdout } = (commands[index % commands.length] as (typeof commands)[number])(index);
    const afterMs = random() < 0.2 ? undefined : random() * 60;
    const running = within(shell.run(text));
    if (afterMs !== undefined) await Promise.race([running, delay(afterMs)]);
    shell.driver.interrupt();
    const answer = await running;
    const check = answer && (await within(shell.run('echo $X; pwd')));
    const where = `${index} (${text}, interrupted after ${afterMs?.toFixed(2) ?? 'no'} ms)`;
    if (!answer || !check) {
      violations.push(`${where}: ${answer ? 'the next command' : 'it'} did not end within ${DEADLINE_MS} ms`);
      break;
    }
    const output = answer.stdout.toString();
    const complete = answer.end.exitCode === 0;
    ended[complete ? 'completed' : 'interrupted'] += 1;
    if (complete ? !isPossible(output, stdout) : !stdout.startsWith(output)) {
      violations.push(`${where}: wrote ${JSON.stringify(output.slice(-80))}`);
    }
    if (!complete && answer.end.exitCode !== 130) violations.push(`${where}: ended ${JSON.stringify(answer.end)}`);
    if (answer.stderr.length > 0) violations.push(`${where}: complained ${answer.stderr.toString()}`);
    if (check.stdout.toString() !== 'keep\n/usr\n' || check.stderr.length > 0 || check.end.exitCode !== 0) {
      violations.push(
        `${where}: then the next command gave ${JSON.stringify([check.stdout.toString(), check.stderr.toString(), check.end])}`,
      );
    }
  }
  if (shell.spawns.length !== 1) violations.push(`the shell was started ${shell.spawns.length} times`);
  return { count: options.count, ...ended, violations };
}

export function numbers(last: number): string {
  return Array.from({ length: last }, (_, index) => `${index + 1}\n`).join('');
}

/**
 * As in a terminal, what an interrupt ends may be a part only, when the last process of that part ended by itself: bash
 * goes on with the next one. So lines may be missing, but none is out of order, foreign or torn.
 */
function isPossible(output: string, whole: string): boolean {
  const wanted = whole.split('\n');
  let at = 0;
  return output.split('\n').every((line) => {
    at = wanted.indexOf(line, at) + 1;
    return at > 0;
  });
}

async function within(running: Promise<Answer>): Promise<Answer | undefined> {
  const timer = new AbortController();
  const late = delay(DEADLINE_MS, undefined, { signal: timer.signal }).catch(() => undefined);
  try {
    return await Promise.race([running, late]);
  } finally {
    timer.abort();
  }
}
