/**
 * A host among others on one tmux server: starts its instance, asks it and stops it, again and again. Tells of each round
 * on its standard output, one JSON text per line. `neighbour.ts REQUEST`
 */
import { writeSync } from 'node:fs';
import { InstanceError } from '@ccb/instance-interface';
import { tmuxBackend } from '@ccb/tmux-instance';
import type { NeighbourLine, NeighbourRequest } from '../neighbour.ts';

const { record, rounds, env } = JSON.parse(process.argv[2] as string) as NeighbourRequest;

function tell(line: NeighbourLine): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}

try {
  for (let round = 0; round < rounds; round += 1) {
    // Opened anew: each round connects, and lets go.
    const instance = await tmuxBackend().open(record, { env });
    const startedAt = performance.now();
    await instance.start();
    const startMs = performance.now() - startedAt;
    const { output } = await instance.sendCommandAndWait(`echo ${round}`);
    await instance.stop();
    await instance.detach();
    tell({ type: 'round', output, startMs });
  }
} catch (error) {
  const code = InstanceError.is(error) ? error.code : 'UNTYPED';
  tell({ type: 'error', code, message: error instanceof Error ? error.message : String(error) });
}
