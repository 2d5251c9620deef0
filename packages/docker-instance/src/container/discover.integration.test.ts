import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { connectEngine } from '../engine/connect.ts';
import { ensureTestImage } from '../testing/test-image.ts';
import { discoverContainers } from './discover.ts';

test('a container that somebody made is found by what runs in it, and is left alone', async () => {
  const name = `ccb-discover-${process.pid}`;
  const home = mkdtempSync(join(tmpdir(), 'ccb-discover-'));
  const engine = connectEngine();
  try {
    const image = await ensureTestImage({ engine });
    const id = await engine.createContainer(name, {
      Image: image,
      Entrypoint: ['bash', '-c', 'exec -a /usr/local/bin/claude sleep 60'],
      HostConfig: { NetworkMode: 'none', Init: true },
    });
    const found = async (): Promise<unknown> =>
      (await discoverContainers(engine, home)).filter((each) => each.name === name);
    expect(await found()).toEqual([]);
    await engine.startContainer(id);
    await expect.poll(found, { timeout: 10_000 }).toEqual([
      {
        type: 'docker',
        name,
        description: `container ${name} (${image}, running): runs Claude Code; adopt it as ${name}`,
        ours: false,
      },
    ]);
    expect((await engine.inspectContainer(id)).state.running).toBe(true);
  } finally {
    await engine.removeContainer(name);
    engine.close();
    rmSync(home, { recursive: true, force: true });
  }
});
