import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { ensureTestImage } from '../../../packages/docker-instance/src/testing/test-image.ts';
import { whyNoEngine } from './testing/docker-sandbox.ts';
import { hasTmux } from './testing/has-tmux.ts';

const script = fileURLToPath(new URL('../../../scripts/recording.mjs', import.meta.url));
const absent = hasTmux() ? await whyNoEngine() : 'there is no tmux';

if (process.env.CI === 'true') {
  test('continuous integration has an engine and tmux', () => expect(absent).toBeUndefined());
}

describe.skipIf(absent !== undefined)(absent ? `the recording (not here: ${absent})` : 'the recording', () => {
  test('can be made again: three places, the same answer, an interrupt, a death, and nothing left', async () => {
    const { DOCKER_HOST } = process.env;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [script, '--print', '--image', await ensureTestImage()],
      {
        env: { PATH: process.env.PATH, ...(DOCKER_HOST !== undefined && { DOCKER_HOST }) },
        timeout: 50_000,
        killSignal: 'SIGKILL',
      },
    );
    expect(stdout.match(/^six times seven is 42$/gm)).toHaveLength(3);
    expect(stdout).toMatch(/\$ ccb interrupt paned\n(ccb: .*\n)*ccb: interrupted\n/);
    expect(stdout).toContain('\nboxed  stopped');
    expect(stdout).toContain('(CCB_AGENT_LOST)');
    expect(stdout).toContain('\nback again\n');
    expect(stdout).toMatch(
      /There is no instance in [\s\S]*"\$CCB_HOME\/instances"\n\$ docker ps .*\n\$ ccb prune\nccb: There is nothing to remove\.\n$/,
    );
  });
});
