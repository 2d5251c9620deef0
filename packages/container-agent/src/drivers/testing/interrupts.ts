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
  /** What is written when the interrupt ends a part, and bash goes on because the last process of that ended by itself. */
  readonly rest?: string;
}

const commands: readonly ((index: number) => Interrupted)[] = [
  (i) => ({ text: `echo a${i}; /bin/true; echo b${i}`, stdout: `a${i}\nb${i}\n` }),
  (i) => ({ text: `for ((k = 0; k < 3000; k++)); do :; done; echo b${i}`, stdout: `b${i}\n` }),
  (i) => ({ text: `echo a${i}; sleep 0.00${i % 9}; echo b${i}`, stdout: `a${i}\nb${i}\n` }),
  (i) => ({ text: `seq 1 3000; echo b${i}`, stdout: `${numbers(3000)}b${i}\n` }),
  (i) => ({ text: `x=$(echo a${i} | cat); echo b${i}`, stdout: `b${i}\n` }),
  (i) => ({ text: `(echo c${i}; sleep 0.002) | cat; echo b${i}`, stdout: `c${i}\nb${i}\n`, rest: `b${i}\n` }),
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
    const { text, stdout, rest } = (commands[index % commands.length] as (typeof commands)[number])(index);
    const afterMs = random() < 0.3 ? undefined : random() * 8;
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
    if (complete ? output !== stdout && output !== rest : !stdout.startsWith(output))
      violations.push(`${where}: wrote ${JSON.stringify(output.slice(-80))}`);
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

async function within(running: Promise<Answer>): Promise<Answer | undefined> {
  const timer = new AbortController();
  const late = delay(DEADLINE_MS, undefined, { signal: timer.signal }).catch(() => undefined);
  try {
    return await Promise.race([running, late]);
  } finally {
    timer.abort();
  }
}
