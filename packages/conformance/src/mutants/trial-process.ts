import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Findings } from './trial.ts';

/** `whole`: each mutant meets the whole suite; `named`: the groups that must find it. The unbroken one meets it all. */
export type Edition = 'whole' | 'named';

const child = fileURLToPath(new URL('./children/trials.ts', import.meta.url));
/** ms for one trial: many times what it takes. */
const trialMs = 60_000;

/**
 * Runs the suite in a process of its own, against one after the other.
 * @param names of mutants; another name stands for the unbroken backend
 * @throws {Error} when the process does not come to its end
 */
export async function tryOut(edition: Edition, names: readonly string[]): Promise<readonly Findings[]> {
  const trial = spawn(process.execPath, ['--conditions=@ccb/source', '--import', 'tsx', child, edition, ...names], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, TMPDIR: process.env.TMPDIR },
    timeout: names.length * trialMs,
    killSignal: 'SIGKILL',
  });
  const [output, complaints, code] = await Promise.all([
    textOf(trial.stdout),
    textOf(trial.stderr),
    new Promise<number | null>((resolve, reject) => trial.once('error', reject).once('close', resolve)),
  ]);
  if (code === 0) return JSON.parse(output) as Findings[];
  throw new Error(`The trials of ${names.join(', ')} ended with ${code ?? 'a signal'}: ${complaints}`);
}

async function textOf(stream: AsyncIterable<Buffer>): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of stream) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}
