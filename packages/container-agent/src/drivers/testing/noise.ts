import { createShellDriver } from '../shell/shell-driver.ts';
import { numbers } from './interrupts.ts';
import { seededRandom } from './random.ts';
import { subject } from './recorder.ts';

export interface NoiseReport {
  readonly count: number;
  /** One sentence for each thing that was not as it must be. */
  readonly violations: readonly string[];
}

/** Commands of random size, each exact in both streams though a background child of an earlier one never stops writing. */
export async function runBesideNoise(options: { readonly count: number; readonly seed: number }): Promise<NoiseReport> {
  const random = seededRandom(options.seed);
  const violations: string[] = [];
  await using shell = subject(createShellDriver);
  await shell.driver.start(AbortSignal.timeout(10_000));
  const noisy = await shell.run('(while :; do echo NOISE; echo NOISE >&2; sleep 0.001; done) & echo $!');
  for (let index = 0; index < options.count; index += 1) {
    const last = 1 + Math.floor(random() * 4_000);
    const answer = await shell.run(`seq 1 ${last}; seq 1 ${last} >&2`);
    for (const stream of ['stdout', 'stderr'] as const) {
      if (answer[stream].toString() !== numbers(last)) violations.push(`${index}: ${stream} of seq 1 ${last} differs`);
    }
  }
  await noisy.whenLate('NOISE');
  await shell.run(`kill ${noisy.stdout.toString()}`);
  for (const stream of ['stdout', 'stderr'] as const) {
    if (!/^(NOISE\n)+$/.test(noisy.late[stream]))
      violations.push(`late ${stream}: ${noisy.late[stream].slice(0, 200)}`);
  }
  return { count: options.count, violations };
}
