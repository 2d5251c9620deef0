import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { assertOwnEngine } from './own-engine.ts';

const own = { name: 'box', containerName: 'ccb-box', directory: '/h/instances/box', engine: 'tcp://far:2376' };

test('a container that is missing on another engine than its own is said to be there, and what to do', () => {
  expect(() => assertOwnEngine({ address: 'unix:///run/docker.sock' }, own)).toThrow(
    expect.objectContaining({
      code: 'CCB_NOT_FOUND',
      instance: 'box',
      message: expect.stringMatching(
        /made on the engine at tcp:\/\/far:2376.*unix:\/\/\/run\/docker\.sock has none.*DOCKER_HOST=tcp:\/\/far:2376.*remove \/h\/instances\/box\.$/,
      ),
    }),
  );
});

test('on its own engine it may be made again', () => {
  expect(() => assertOwnEngine({ address: own.engine }, own)).not.toThrow();
});

test('one socket by two paths is one engine', () => {
  const directory = mkdtempSync(join(tmpdir(), 'ccb-own-engine-'));
  try {
    writeFileSync(join(directory, 'a.sock'), '');
    symlinkSync(join(directory, 'a.sock'), join(directory, 'b.sock'));
    const [a, b] = ['a', 'b'].map((name) => `unix://${directory}/${name}.sock`) as [string, string];
    expect(() => assertOwnEngine({ address: a }, { ...own, engine: b })).not.toThrow();
    expect(() => assertOwnEngine({ address: a }, { ...own, engine: 'unix:///nowhere' })).toThrow('unix:///nowhere');
  } finally {
    rmSync(directory, { recursive: true });
  }
});
