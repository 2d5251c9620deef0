import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PrivateEngine } from './private-engine.ts';

const reason = PrivateEngine.unavailable();

if (process.env.CI === 'true') {
  test('a machine of the continuous integration can run an engine of its own', () => {
    expect(reason).toBeUndefined();
  });
}

describe.runIf(reason === undefined)(
  `an engine of the test's own${reason === undefined ? '' : ` (not here: ${reason})`}`,
  () => {
    let engine: PrivateEngine;
    let image: string;

    beforeAll(async () => {
      engine = await PrivateEngine.start();
      image = await engine.testImage();
    });
    afterAll(() => engine[Symbol.asyncDispose]());

    const run = (name: string): Promise<string> =>
      engine.docker('run', '--detach', '--init', '--network', 'none', '--name', name, image, 'sleep', '600');
    const startedAt = (name: string): Promise<string> =>
      engine.docker('inspect', '--format', '{{.State.Running}} {{.State.StartedAt}}', name);

    test('is in a network and in mounts of its own', () => {
      for (const pid of engine.processes().slice(0, 1)) {
        for (const kind of ['net', 'mnt']) {
          expect(readlinkSync(`/proc/${pid}/ns/${kind}`)).not.toBe(readlinkSync(`/proc/self/ns/${kind}`));
        }
      }
    });

    test('is back after SIGKILL, and has ended the containers that it found', async () => {
      await run('ended');
      await engine.kill();
      await expect(engine.docker('ps')).rejects.toThrow('Cannot connect');
      await engine.start();
      expect(await startedAt('ended')).toMatch(/^false /);
    });

    test('with live-restore its containers outlive it', async () => {
      await run('kept');
      const before = await startedAt('kept');
      await engine.kill();
      await engine.start({ liveRestore: true });
      expect(await startedAt('kept')).toBe(before);
    });

    test('is back after SIGKILL with its containerd', async () => {
      await engine.kill('dockerd and containerd');
      await engine.start({ liveRestore: true });
      expect(await startedAt('kept')).toMatch(/^true /);
    });

    test('at its end nothing of it is left, though a container ran and it was killed', async () => {
      await using other = await PrivateEngine.start();
      const directory = dirname(other.socket);
      await other.docker('run', '--detach', '--init', '--network', 'none', await other.testImage(), 'sleep', '600');
      const shims = other.processes().length - 2;
      await other.kill();
      const processes = other.processes();
      expect(shims).toBeGreaterThan(0);
      await other[Symbol.asyncDispose]();
      expect(existsSync(directory)).toBe(false);
      expect(readFileSync('/proc/self/mounts', 'utf8')).not.toContain(directory);
      expect(processes.filter((pid) => existsSync(`/proc/${pid}`))).toEqual([]);
      expect(readdirSync(tmpdir()).filter((name) => directory.endsWith(name))).toEqual([]);
    });
  },
);
