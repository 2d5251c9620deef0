import type { Fault } from './faults.ts';
import { garbage, noise } from './noise.ts';
import type { Output } from './output.ts';

/** What goes wrong in the middle of a text. */
export async function midText(faults: ReadonlySet<Fault>, output: Output): Promise<void> {
  if (faults.has('garbage')) for (const line of garbage) output.raw(line);
  if (faults.has('stderr-noise')) makeNoise();
  if (faults.has('dies-mid-text')) await die(output);
  if (faults.has('freezes')) {
    await output.flushed();
    process.kill(process.pid, 'SIGSTOP');
  }
  if (faults.has('closes-stdout')) {
    await output.flushed();
    output.close();
  }
}

/** Dies at once, by SIGKILL, once everything written has left. */
export async function die(output: Output): Promise<void> {
  await output.flushed();
  process.kill(process.pid, 'SIGKILL');
  await new Promise(() => {});
}

export function makeNoise(): void {
  for (const line of noise) process.stderr.write(line);
}
