import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { DockerContainer } from '../docker-container.ts';
import { connectEngine } from '../engine/connect.ts';
import { leaksOf } from '../testing/leaks.ts';
import { docker, Sandbox } from '../testing/sandbox.ts';
import { dockerData } from './docker-data.ts';
import { sweepEphemeral } from './sweep.ts';

/** An engine has one container of a name, and others may test beside this one. */
const unique = (name: string): string => `${name}-${process.pid}`;

async function sweep(sandbox: Sandbox): Promise<readonly string[]> {
  const engine = connectEngine();
  try {
    return (await sweepEphemeral(engine, sandbox.home)).map(({ name }) => name ?? '');
  } finally {
    engine.close();
  }
}

async function leaks(sandbox: Sandbox, ...instances: readonly DockerContainer[]): Promise<readonly string[]> {
  const instanceIds = instances.map(({ record }) => dockerData(record).instanceId);
  return await leaksOf({ home: sandbox.home, instanceIds });
}

test('an ephemeral instance that nobody holds is removed, and no other', async () => {
  await using sandbox = await Sandbox.make();
  const held = await sandbox.create(unique('held'), { ephemeral: true });
  const kept = await sandbox.create(unique('kept'));
  await kept.detach();
  const loose = await sandbox.create(unique('loose'), { ephemeral: true });
  await loose.detach();
  const before = await leaks(sandbox, held, kept);
  expect(await sweep(sandbox)).toEqual([loose.name]);
  expect(existsSync(sandbox.layout(loose.name).directory)).toBe(false);
  expect(await leaks(sandbox, held, kept, loose)).toEqual(
    before.filter((leak) => !leak.includes(sandbox.layout(loose.name).directory)),
  );
});

test('one whose container was removed by hand is removed, too', async () => {
  await using sandbox = await Sandbox.make();
  const bare = await sandbox.create(unique('bare'), { ephemeral: true });
  await bare.detach();
  await docker('rm', `ccb-${bare.name}`);
  expect(await sweep(sandbox)).toEqual([bare.name]);
  expect(await leaks(sandbox, bare)).toEqual([]);
});

test('what runs still is left to its agent, which ends without a host; the next creation removes it', async () => {
  await using sandbox = await Sandbox.make();
  const brief = await sandbox.create(unique('brief'), { ephemeral: true });
  await brief.start();
  await brief.detach();
  expect(await sweep(sandbox)).toEqual([]);
  await docker('wait', `ccb-${brief.name}`);
  const next = await sandbox.create(unique('next'), { ephemeral: true });
  await next.cleanup();
  expect(await leaks(sandbox, brief, next)).toEqual([]);
});
