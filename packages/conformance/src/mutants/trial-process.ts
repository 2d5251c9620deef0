import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Findings } from './trial.ts';

const child = fileURLToPath(new URL('./children/trial.ts', import.meta.url));
/** ms: many times what it takes. */
const trialMs = 120_000;

/**
 * Runs the suite in a process of its own.
 * @param name of the mutant; absent: against the unbroken backend
 * @throws {Error} when the process does not come to its end
 */
export async function tryOut(name?: string): Promise<Findings> {
  const args = ['--conditions=@ccb/source', '--import', 'tsx', child, ...(name === undefined ? [] : [name])];
  const trial = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], TMPDIR: process.env['TMPDIR'] },
    timeout: trialMs,
    killSignal: 'SIGKILL',
  });
  const [output, complaints, code] = await Promise.all([
    textOf(trial.stdout),
    textOf(trial.stderr),
    new Promise<number | null>((resolve, reject) => trial.once('error', reject).once('close', resolve)),
  ]);
  if (code === 0) return JSON.parse(output) as Findings;
  throw new Error(`The trial of ${name ?? 'the unbroken backend'} ended with ${code ?? 'a signal'}: ${complaints}`);
}

async function textOf(stream: AsyncIterable<Buffer>): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of stream) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}
