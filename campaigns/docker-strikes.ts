import { setTimeout as delay } from 'node:timers/promises';
import type { DockerCommand } from './docker-ground.ts';
import type { Random } from './random.ts';

/** Something that the world does to a container in the middle of an answer. */
export interface Fault {
  readonly what: string;
  readonly asserted: string;
  /** What the engine says of it, and the instance's state must follow. */
  readonly event: 'die' | 'pause';
  /** How the answer may end beside `completed`: a part of the message for each code. */
  readonly ends: Readonly<Record<string, RegExp>>;
  /** Resolves when it is over, and nothing more is done. */
  strike(docker: DockerCommand, container: string, random: Random): Promise<unknown>;
}

const SIGKILLED = /exit 137 \(SIGKILL\)/;
const WHOLE = 'typed end within 10 s, or exact';

export const faults: readonly Fault[] = [
  {
    what: '`docker kill`',
    asserted: `${WHOLE}; CCB_AGENT_LOST names \`exit 137 (SIGKILL)\``,
    event: 'die',
    ends: { CCB_AGENT_LOST: SIGKILLED },
    strike: (docker, container) => docker('kill', container),
  },
  {
    what: '`docker rm -f`',
    asserted: `${WHOLE}; CCB_AGENT_LOST names the removal; the container is made again`,
    event: 'die',
    ends: { CCB_AGENT_LOST: /the container was removed|exit 137 \(SIGKILL\)/ },
    strike: (docker, container) => docker('rm', '--force', container),
  },
  {
    what: '`docker restart`, some without a grace',
    asserted: `${WHOLE}; the handle follows`,
    event: 'die',
    // Nobody of ours started it, so nobody told the agent why; an older reason would be a lie.
    ends: { CCB_STOPPED: /./, CCB_AGENT_LOST: /ran(?: \(the container ended: exit 137 \(SIGKILL\)\))?;/ },
    strike: (docker, container, random) => docker('restart', '--time', random.chance(0.5) ? '0' : '10', container),
  },
  {
    what: '`docker pause`, `docker unpause` after up to 1 s',
    asserted: '`unreachable` meanwhile; then the answer is exact',
    event: 'pause',
    ends: {},
    async strike(docker, container, random) {
      await docker('pause', container);
      await delay(random.between(50, 1_000));
      await docker('unpause', container);
    },
  },
];
